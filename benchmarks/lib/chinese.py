"""Made-up Chinese: sentences from a small grammar, with the marks that line breaking is about."""

from __future__ import annotations

from collections.abc import Iterator

from lib.dice import Dice, fill

_WHEN = ("昨天下午，", "在会议结束之后，", "2023年夏天", "从那以后", "每天早晨", "十年前", "与此同时，")
_WHO = (
    "我们", "研究小组", "这位老师", "年轻的工程师", "城市里的居民", "图书馆的管理员", "一家小公司", "王先生",
    "许多读者", "这个模型", "实验室的同事", "村里的老人", "编辑部", "负责测试的人", "他和她的朋友", "委员会",
)  # fmt: skip
_HOW = (
    "已经", "仔细地", "很快就", "终于", "从来没有", "经常", "不得不", "耐心地", "一边听音乐一边", "在灯光下",
    "按照计划", "几乎每天都", "并不愿意", "又一次", "悄悄地", "",
)  # fmt: skip
_DOES = (
    "整理了", "讨论了", "发现了", "记录下", "重新设计了", "比较了", "保存了", "翻译了", "忘记了", "提出了",
    "检查了", "解释了", "收集了", "改进了", "放弃了", "描述了",
)  # fmt: skip
_KIND = (
    "复杂的", "古老的", "没有人注意的", "非常重要的", "压缩过的", "手写的", "看起来简单的", "从远方寄来的",
    "关于记忆的", "长达数百页的", "不断变化的", "公开的",
)  # fmt: skip
_WHAT = (
    "文件", "方法", "语言", "图像", "历史", "问题", "数据", "故事", "城市规划", "天气记录", "注意力机制",
    "长文本", "字体", "页面", "河流", "植物标本", "会议纪要", "实验结果", "编码器", "地图", "信件", "音乐",
)  # fmt: skip
_LATIN = ("Python", "OpenType", "Linux", "PDF", "Unicode", "TrueType", "Markdown", "SQLite")


def chinese(characters: int = 36_000) -> str:
    """Return Chinese paragraphs of 1 to 30 sentences from a small grammar, with numbers and Latin words."""
    dice = Dice(5)

    def paragraphs() -> Iterator[str]:
        while True:
            sentences = dice.pick((1, 2, 3, 5, 8, 13, 30))
            yield "".join(_chinese_sentence(dice) for _ in range(sentences))

    return fill(paragraphs(), characters, between="\n")


def _chinese_sentence(dice: Dice) -> str:
    clauses = [_chinese_clause(dice) for _ in range(dice.number(1, 4))]
    joined = clauses[0]
    for clause in clauses[1:]:
        joined += dice.pick(("，", "，", "，", "；", "：")) + clause
    if dice.chance(0.15):
        return f"{dice.pick(_WHO)}说：“{joined}{dice.pick('。！？')}”"
    if dice.chance(0.15):
        joined += f"（参见《{dice.pick(_WHAT)}与{dice.pick(_WHAT)}》第{dice.number(1, 300)}页）"
    return joined + dice.pick(("。", "。", "。", "。", "！", "？"))


def _chinese_clause(dice: Dice) -> str:
    clause = dice.pick(_WHEN) if dice.chance(0.4) else ""
    clause += dice.pick(_WHO) + dice.pick(_HOW) + dice.pick(_DOES)
    if dice.chance(0.2):
        clause += f"{dice.pick(_WHAT)}、{dice.pick(_WHAT)}和{dice.pick(_WHAT)}"
    elif dice.chance(0.15):
        clause += f" {dice.pick(_LATIN)} {dice.number(1, 20)}.{dice.number(0, 9)} 的{dice.pick(_WHAT)}"
    elif dice.chance(0.2):
        clause += f"{dice.number(2, 5000)}{dice.pick('个份条次篇')}{dice.pick(_WHAT)}"
    else:
        clause += f"{dice.pick(_KIND)}{dice.pick(_WHAT)}"
    return clause
