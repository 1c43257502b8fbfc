"""The special tokens of each model family, taken from `added_tokens` and chat templates of the published tokenizers.

Knows strings; knows nothing about how they are broken.
"""

from __future__ import annotations

_THINKING = ("<think>", "</think>")
_CALLING = ("<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>")
_CHATML = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")

GLM = (
    *("<|endoftext|>", "[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>"),
    *("<|system|>", "<|user|>", "<|assistant|>", "<|observation|>"),
    *(
        "<|begin_of_image|>",
        "<|image|>",
        "<|end_of_image|>",
        "<|begin_of_video|>",
        "<|video|>",
        "<|end_of_video|>",
    ),
    *("<|begin_of_box|>", "<|end_of_box|>", *_THINKING, "<answer>", "</answer>", "/nothink"),
    *(*_CALLING, "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"),
    *(
        "<|begin_of_audio|>",
        "<|audio|>",
        "<|end_of_audio|>",
        "<|begin_of_transcription|>",
        "<|end_of_transcription|>",
    ),
    *("<|code_prefix|>", "<|code_middle|>", "<|code_suffix|>"),
)

QWEN_TEXT = (
    *_CHATML,
    *(
        "<|object_ref_start|>",
        "<|object_ref_end|>",
        "<|box_start|>",
        "<|box_end|>",
        "<|quad_start|>",
        "<|quad_end|>",
    ),
    *("<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>"),
    *("<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"),
    *("<tool_call>", "</tool_call>"),
)

QWEN3 = (*QWEN_TEXT, "<tool_response>", "</tool_response>", *_THINKING)

INTERNVL = (
    *QWEN_TEXT,
    *("<img>", "</img>", "<IMG_CONTEXT>", "<image>", "<video>"),
    *("<quad>", "</quad>", "<ref>", "</ref>", "<box>", "</box>"),
)

GEMMA3 = (
    *("<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>", "<end_of_turn>"),
    *("<start_of_image>", "<image_soft_token>", "<end_of_image>"),
)

MISTRAL = (
    *("<unk>", "<s>", "</s>", "<pad>", "[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"),
    *("[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]"),
    *("[TOOL_CONTENT]", "[ARGS]", "[CALL_ID]", "[THINK]", "[/THINK]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]"),
    *("[IMG]", "[IMG_BREAK]", "[IMG_END]", "[AUDIO]", "[BEGIN_AUDIO]"),
)

_IDEFICS_IMAGE = (
    *("<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>"),
    *(f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)),
)

IDEFICS3 = (
    *("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>"),
    *("<|eom_id|>", "<|eot_id|>", "<|python_tag|>", "<|finetune_right_pad_id|>", *_IDEFICS_IMAGE),
)

SMOLVLM = (
    *(*_CHATML, "<video>", "<repo_name>", "<reponame>", "<file_sep>", "<filename>", "<gh_stars>"),
    *(
        "<issue_start>",
        "<issue_comment>",
        "<issue_closed>",
        "<jupyter_start>",
        "<jupyter_text>",
        "<jupyter_code>",
    ),
    *("<jupyter_output>", "<jupyter_script>", "<empty_output>", *_IDEFICS_IMAGE),
)

LLAVA_ONEVISION = (*_CHATML, "<image>", "<video>")

DEEPSEEK_OCR = (
    *("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜▁pad▁｜>", "<image>"),
    *("<|User|>", "<|Assistant|>", "<|EOT|>", "<|grounding|>", "<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>"),
)

# Names of the image's marks as transformers 5.24's processors write them; of turns and tools as the chat templates do.
KIMI = (
    *("[BOS]", "[EOS]", "[EOT]", "[PAD]", "[UNK]", "<|im_user|>", "<|im_assistant|>", "<|im_system|>"),
    *(
        "<|im_middle|>",
        "<|im_end|>",
        "<|end_of_msg|>",
        "<|media_begin|>",
        "<|media_content|>",
        "<|media_pad|>",
    ),
    *("<|media_end|>", "<|kimi_k25_video_placeholder|>", "<|tool_calls_section_begin|>", *_THINKING),
    *(
        "<|tool_calls_section_end|>",
        "<|tool_call_begin|>",
        "<|tool_call_argument_begin|>",
        "<|tool_call_end|>",
    ),
)

HUNYUAN = (
    *(
        "<｜hy_begin▁of▁sentence｜>",
        "<｜hy_end▁of▁sentence｜>",
        "<｜hy_User｜>",
        "<｜hy_Assistant｜>",
        "<｜hy_▁pad▁｜>",
    ),
    *("<|image_pad|>", "<|video_pad|>", *_THINKING),
    *(f"<｜hy_place▁holder▁no▁{number}｜>" for number in (3, 100, 101, 102)),
)

ERNIE_VL = (
    *("<unk>", "<s>", "</s>", "<|begin_of_sentence|>", "<|end_of_sentence|>", "<|image@placeholder|>"),
    *(
        "<|video@placeholder|>",
        "<|IMAGE_START|>",
        "<|IMAGE_PLACEHOLDER|>",
        "<|IMAGE_END|>",
        "<|VIDEO_START|>",
    ),
    *("<|VIDEO_END|>", *_THINKING),
)

MINIMAX_M3 = (
    *(
        "]~!b[",
        "]~b]",
        "[e~[",
        "]!d~[",
        "]!p~[",
        "]<]image[>[",
        "]<]video[>[",
        "]<]speech[>[",
        "]<]vision pad[>[",
    ),
    *(f"]<]{edge} of {kind}[>[" for edge in ("start", "end") for kind in ("image", "video", "speech")),
    *(*_THINKING, "<minimax:tool_call>", "</minimax:tool_call>"),
)

GEMMA4 = (
    *("<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<|turn>", "<turn|>", "<|think|>", '<|"|>'),
    *(
        f"{mark}"
        for name in ("channel", "tool", "tool_call", "tool_response", "image", "audio")
        for mark in (f"<|{name}>", f"<{name}|>")
    ),
    *("<|image|>", "<|audio|>", "<|video|>"),
)

MINICPM_V = (
    *QWEN3,
    *(
        "<image>",
        "</image>",
        "<image_id>",
        "</image_id>",
        "<slice>",
        "</slice>",
        "<unit>",
        "</unit>",
        "<unk>",
    ),
    *("<ref>", "</ref>", "<box>", "</box>", "<quad>", "</quad>", "<point>", "</point>"),
)

DOTS_OCR = (
    *_CHATML,
    *("<|img|>", "<|imgpad|>", "<|endofimg|>", "<|system|>", "<|endofsystem|>", "<|user|>", "<|endofuser|>"),
    *("<|assistant|>", "<|endofassistant|>"),
)

PADDLEOCR_VL = (
    *("<unk>", "<s>", "</s>", "<pad>", "<mask>", "<|begin_of_sentence|>", "<|end_of_sentence|>"),
    *("<|IMAGE_START|>", "<|IMAGE_PLACEHOLDER|>", "<|IMAGE_END|>", "<|image_pad|>", "<|video_pad|>"),
)

OPENAI = ("<|endoftext|>", "<|endofprompt|>")
