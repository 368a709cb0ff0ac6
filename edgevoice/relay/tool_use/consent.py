"""Whether what somebody said is a yes. English, and strict: what is in doubt is none. Pure."""

import re

CLEAR = {"yes", "yeah", "yep", "yup"}
"""May be followed by a few more words."""
VAGUE = {"sure", "ok", "okay", "please", "do", "it", "that", "go", "ahead", "of", "course", "right"}
VAGUE |= {"alright", "absolutely", "definitely", "confirm", "confirmed", "thanks", "thank", "you"}
"""Mean yes when nothing else is said: `okay` also begins a new question."""
BEGINS = {"sure", "ok", "okay", "please", "do", "go", "of", "absolutely", "definitely", "alright"}
BEGINS |= {"confirm", "confirmed"}
NO = {"no", "nope", "nah", "not", "never", "don't", "dont", "stop", "cancel", "wait"}
DOUBT = {"but", "except", "instead", "only", "unless", "if", "what", "when", "who", "how", "why"}
DOUBT |= {"where", "which", "rather", "another", "other", "later"}
MOST_WORDS = 8


def consent(words: str) -> bool | None:
    """None: something else was said."""
    said = re.findall(r"[a-z']+", words.lower().replace("’", "'"))
    if NO.intersection(said):
        return False
    if not said or len(said) > MOST_WORDS or DOUBT.intersection(said):
        return None
    if said[0] in CLEAR or (said[0] in BEGINS and VAGUE.issuperset(said)):
        return True
    return None
