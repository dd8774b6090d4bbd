"""Checking saved answers again: what they claim is checked against its sources, with no model."""

from qa.verification.checking import (
    Check,
    ConversationVerification,
    Verification,
    verify,
    verify_conversation,
)

__all__ = [
    "Check",
    "ConversationVerification",
    "Verification",
    "verify",
    "verify_conversation",
]
