"""Tracing: what happened on the way of one question, as a trace, a log or OpenTelemetry spans."""
