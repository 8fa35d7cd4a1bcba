"""Instructions inside documents: sentences that speak to whoever answers, not to the reader.

Document text is untrusted. The prompt sets it apart, and this goes further: a sentence that tells an assistant what to
say is no evidence for anything, so no language model reads it and no answer quotes it, unless the question is about
such sentences. What is recognised is the form (an order to ignore, to answer only so, to play a part; a label of the
chat protocol), not the wish. Found by eyes other than these patterns' author's, a new form belongs in
eval/injections.jsonl first.
"""

import re

from rag.text.terms import fold
from rag.text.view import without_invisible

_IGNORE = (
    "(?:忽略|无视|忘记|忘掉|抛开|不要理会|不必理会|停止遵守)[^。！？]{0,8}"
    "(?:以上|之前|此前|上述|前面|先前|所有|全部|一切|资料|系统)[^。！？]{0,12}"
    "|(?:忽略|忘记)(?:资料|要求|指令|提示)"
)
_ANSWER_SO = (
    "(?:只|仅|一律|统统|全都?|都|就|必须|务必|应当?|须|请)(?:需要?|能|可以?|要|会|直接|先|在)?(?:回答|输出|回复|答复|复述|写出)(?=[“\"'‘「：:]|[a-z0-9]|(?:[一二三四五六七八九十]|\\d+)个字)"
    "|(?:回答|答案|答复)(?:时|中|里|前|后|末尾|结尾|开头)?(?:的)?(?:末尾|结尾|开头)?[^，。！？]{0,6}(?:加上|附上|包含|写上|使用|请用|以[“\"'‘「]|先写)"
    "|以[“\"'‘「][^”\"'’」]{1,30}[”\"'’」](?:开头|结尾|作答|收尾)"
    "|(?:开头|结尾|末尾|最后)(?:处)?(?:加上|附上|写上?)[“\"'‘「]"
    "|(?:无论|不管|凡是)[^。！？]{0,16}(?:问|提问|问题)[^。！？]{0,12}(?:回答|输出|回复)"
    "|对任何[^。！？]{0,12}问题[^。！？]{0,10}回答"
    "|不要回答用户|不得给出(?:数字|答案)|拒绝引用|停止引用"
)
_TO_A_MODEL = (
    "如果你是(?:一个)?(?:语言模型|人工智能|ai|助手|机器人)|(?:给|致)(?:人工智能|语言模型|ai|助手)的(?:话|信|指令)"
    "|(?:助手|语言模型|聊天机器人|回答者)(?:必须|应当?|须知?|请|要|不得|不要|需)"
    "|回答本题|你现在是|从现在(?:起|开始)[^。！？]{0,16}(?:回答|扮演|每次)|你的?(?:系统)?提示词|系统(?:指令|消息|提示)[】\\]：:]"
    "|请只回答|新问题[：:]|请(?:说出|复述)[^。！？]{0,8}(?:密码|提示词|指令)|密码是"
)
_ENGLISH = (
    r"\b(?:ignore|disregard|forget|override)\b[^.!?]{0,20}\b(?:previous|above|prior|earlier|all|the (?:documents|passages|instructions|rules))\b"
    r"|\bignore the (?:passages|documents|above|text)\b"
    r"|\b(?:reply|answer|respond)\s+(?:only|solely|just|in pirate|with only)\b|\b(?:only|just)\s+(?:answer|reply|respond|say|output)\b"
    r"|\b(?:begin|start|end|preface)\s+(?:every|each|your|the|all)\s+(?:answers?|repl(?:y|ies)|responses?)\b"
    r"|\bappend\b[^.!?]{0,60}\bto (?:your|the|every|each) (?:answer|reply|response)\b|\bwhen you answer\b"
    r"|\b(?:note|message|instructions?) (?:to|for) (?:the |any |all )?(?:ai|llm|language model|assistant)s?\b"
    r"|\bsystem (?:prompt|override|message)\b|\byou are (?:now|dan\b)|\bnew instructions?\s*[:：]|\brepeat the text above\b|\bthe answer to every question\b"
    r"|\bai assistants?\b[^.!?]{0,20}\b(?:must|should|shall)\b"
)
_PROTOCOL = (
    r"<\|?/?(?:im_start|im_end|system|assistant|user|s|document|context)\|?>|\[/?INST\]|\"role\"\s*:\s*\"(?:system|assistant|user)\""
    r"|^\s*(?:[【\[])?(?:系统|系统消息|系统指令|系统管理员|system|assistant|user|sys)(?:[】\]])?\s*[:：]"
)
_INSTRUCTION = re.compile(
    "|".join((_IGNORE, _ANSWER_SO, _TO_A_MODEL, _ENGLISH, _PROTOCOL)), re.IGNORECASE | re.MULTILINE
)
_ABOUT_INSTRUCTIONS = re.compile("指令|提示词|注入|系统提示|prompt|injection|instruction|jailbreak|越狱", re.IGNORECASE)


def is_instruction(text: str) -> bool:
    """Whether a text tells an assistant what to do; invisible characters, width and script do not hide it."""
    return bool(_INSTRUCTION.search(fold(without_invisible(text))))


def asks_about_instructions(question: str) -> bool:
    """Whether a question is about prompts and instructions themselves, so that they are evidence after all."""
    return bool(_ABOUT_INSTRUCTIONS.search(question))
