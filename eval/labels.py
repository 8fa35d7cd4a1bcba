"""What the evaluation shows to people, in Chinese and English: names of metrics, kinds and columns, and sentences."""

from eval.questions import KINDS
from rag.errors import interface_language

_LABELS: dict[str, tuple[str, str]] = {
    # metrics
    "questions": ("题数", "questions"),
    "errors": ("出错", "errors"),
    "right": ("答对", "right"),
    "fact_accuracy": ("事实全对", "fact accuracy"),
    "fact_recall": ("事实召回", "fact recall"),
    "exact_match": ("完全一致", "exact match"),
    "character_f1": ("字 F1", "character F1"),
    "rouge_l": ("ROUGE-L", "ROUGE-L"),
    "recall_at_1": ("前 1 段召回", "recall@1"),
    "recall_at_3": ("前 3 段召回", "recall@3"),
    "recall_at_5": ("前 5 段召回", "recall@5"),
    "recall_at_10": ("前 10 段召回", "recall@10"),
    "mrr_at_10": ("MRR@10", "MRR@10"),
    "ndcg_at_10": ("nDCG@10", "nDCG@10"),
    "evidence_recall": ("证据召回", "evidence recall"),
    "citation_precision": ("引用命中标准出处", "citations on gold"),
    "sentence_accuracy": ("首句答对", "first sentence right"),
    "citation_recall": ("标准出处被引用", "gold cited"),
    "claim_citation_precision": ("引用有用（ALCE）", "citation precision (ALCE)"),
    "claim_citation_recall": ("句句有据（ALCE）", "citation recall (ALCE)"),
    "exact_span_rate": ("逐字引用", "exact spans"),
    "numeric_consistency_rate": ("数字与引文一致", "numeric consistency"),
    "unsupported_claim_rate": ("未证实的句子", "unsupported claims"),
    "rejection_rate": ("拒答（不可答）", "rejection"),
    "false_rejection_rate": ("误拒（可答）", "false rejection"),
    "aurc": ("AURC", "AURC"),
    "excess_aurc": ("超额 AURC", "excess AURC"),
    "evidence_seconds_median": ("到证据，中位", "to evidence, median"),
    "evidence_seconds_p95": ("到证据，p95", "to evidence, p95"),
    "first_token_seconds_median": ("到首字，中位", "to first token, median"),
    "first_token_seconds_p95": ("到首字，p95", "to first token, p95"),
    "seconds_median": ("到答完，中位", "to the answer, median"),
    "seconds_p95": ("到答完，p95", "to the answer, p95"),
    "faithfulness": ("忠实", "faithfulness"),
    "relevance": ("切题", "relevance"),
    "prompt_tokens": ("提示词元", "prompt tokens"),
    "generated_tokens": ("生成词元", "generated tokens"),
    # kinds
    "number": ("数字", "number"),
    "date": ("同一指标各时点", "same figure, several dates"),
    "list": ("列举", "list"),
    "speaker": ("谁说的", "who said it"),
    "reason": ("原因目的", "reason"),
    "comparison": ("比较", "comparison"),
    "colloquial": ("口语错字", "colloquial"),
    "english": ("英文提问", "English question"),
    "followup": ("追问", "follow-up"),
    "premise": ("错误前提", "false premise"),
    "near": ("近似不可答", "near miss"),
    "outside": ("资料之外", "outside"),
    "own": ("自己的题", "own question"),
    "unanswerable": ("不可答", "unanswerable"),
    "retrieval": ("检索", "retrieval"),
    # splits
    "all": ("全部", "all"),
    "tune": ("调参半 tune", "tune"),
    "test": ("测试半 test", "test"),
    # outcomes
    "outcome_right": ("对", "right"),
    "outcome_wrong": ("错", "wrong"),
    "outcome_silent": ("误拒", "declined"),
    "outcome_answered": ("误答", "overclaimed"),
    "outcome_error": ("出错", "error"),
    "outcome_unjudged": ("无标准", "unjudged"),
    # columns and headings
    "kind": ("题型", "kind"),
    "split": ("部分", "split"),
    "metric": ("指标", "metric"),
    "outcome": ("结果", "outcome"),
    "question": ("问题", "question"),
    "answer": ("回答", "answer"),
    "confidence": ("把握", "confidence"),
    "baseline": ("基线", "baseline"),
    "partial": ("未完成", "partial"),
}


def label(name: str) -> str:
    """How a metric, kind, split or column is called in the user's language; the name itself where it has no label."""
    zh, en = _LABELS.get(name, (name, name.replace("_", " ")))
    return zh if interface_language() == "zh" else en


def pick(zh: str, en: str) -> str:
    """The text in the user's language."""
    return zh if interface_language() == "zh" else en


def in_order(kinds: set[str]) -> list[str]:
    """Kinds in the order of our own set, others after them by name."""
    return [*(kind for kind in KINDS if kind in kinds), *sorted(kinds - KINDS.keys())]
