"""Words that make a question: the interrogatives of Chinese and English, how a question ends, what opens a time in it."""

import re

ASKS = re.compile(
    "为什么|多少|(?<![近前这好十])几|什么|啥|谁|哪|怎么|怎样|如何|为何|何时|何地|多[大高长久快远重深]|吗|是否|是不是|有没有|能否|能不能|会不会|可不可以"
)
END = re.compile(r"[？?。.！!\s]+$")
ENGLISH_ASKS = "who|what|when|where|why|how|which"
OPENS_TIME = re.compile("(?:截至|截止|到|在|于)$")
