"""Chinese to measure readers on: sentences of a small grammar, and names of any of the 3,755 commonest characters.

Knows words; knows nothing about pages.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache


def generate_chinese(dice: random.Random) -> Iterator[str]:
    """Return paragraphs without end."""
    while True:
        yield "".join(_sentence(dice) for _ in range(dice.choice((1, 2, 3, 5, 8))))


@cache
def _list_characters() -> str:
    """Return the first level of GB 2312: 3,755 characters, ordered by sound."""
    codes = ((row, cell) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    return "".join(bytes(code).decode("gb2312", "ignore") for code in codes)


def _sentence(dice: random.Random) -> str:
    clauses = [_clause(dice) for _ in range(dice.randint(1, 4))]
    said = "，".join(clauses)
    if dice.random() < 0.15:
        said = f"{dice.choice(_WHO)}说：“{said}”"
    elif dice.random() < 0.15:
        said += f"（参见《{_name(dice)}》第{dice.randint(1, 300)}页）"
    return said + dice.choice("。。。。！？")


def _clause(dice: random.Random) -> str:
    clause = dice.choice(_WHEN) if dice.random() < 0.4 else ""
    clause += dice.choice(_WHO) + dice.choice(_HOW) + dice.choice(_DOES)
    if dice.random() < 0.5:
        return clause + f"“{_name(dice)}”" + dice.choice(_WHAT)
    if dice.random() < 0.3:
        return clause + f"{dice.randint(2, 5000)}{dice.choice('个份条次篇')}{dice.choice(_WHAT)}"
    return clause + dice.choice(_WHAT)


def _name(dice: random.Random) -> str:
    return "".join(dice.choices(_list_characters(), k=dice.randint(2, 8)))


_WHEN = ("昨天下午", "会议结束之后", "2023年夏天", "从那以后", "每天早晨", "十年前", "与此同时")
_WHO = (
    "我们",
    "研究小组",
    "这位老师",
    "年轻的工程师",
    "图书馆的管理员",
    "一家小公司",
    "王先生",
    "许多读者",
    "编辑部",
)
_HOW = ("已经", "仔细地", "很快就", "终于", "从来没有", "经常", "不得不", "耐心地", "按照计划", "")
_DOES = (
    "整理了",
    "讨论了",
    "发现了",
    "记录下",
    "重新设计了",
    "比较了",
    "保存了",
    "翻译了",
    "提出了",
    "检查了",
    "改进了",
)
_WHAT = (
    "文件",
    "方法",
    "语言",
    "图像",
    "历史",
    "问题",
    "数据",
    "故事",
    "城市规划",
    "天气记录",
    "长文本",
    "字体",
    "地图",
)
