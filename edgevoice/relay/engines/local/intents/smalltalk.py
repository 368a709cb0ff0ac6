"""Stopping, repeating, thanking, greeting, and what the assistant is."""

from datetime import datetime

from edgevoice.relay.engines.local.intents.pattern import Pattern
from edgevoice.relay.engines.local.intents.reply import Reply, Said

WHO_I_AM = "I'm edgevoice, a voice assistant that runs on your own computers."
EXAMPLE = "Ask me, for example: what is 15 percent of 80?"

_SKILLS = {
    "set_timer": "set timers",
    "set_alarm": "set alarms",
    "set_volume": "change the volume",
    "switch_light": "switch lights",
}

_STOP = Pattern(
    "[no] (stop|cancel|quiet|enough|silence|hush|shush|nothing|nope|no) [stop]",
    "[no] (stop (it|that|talking|listening)|cancel (it|that)|be quiet|shut up|go away|not now)",
    "[no] (never mind|nevermind|forget it|forget about it|leave it|no thanks|no thank you|not you)",
    "(that is all|thats all|that will be all|that is enough|we are done|i am done|all good)",
)
_BYE = Pattern(
    "[okay|thanks] (goodbye|good bye|bye|bye bye|good night|goodnight|see you|so long) [then]",
    "(see you (later|soon|tomorrow)|until later|talk to you later)",
    "have a (nice|good|great) (day|evening|night|one) [bye]",
)
_THANKS = Pattern(
    "[many|great|perfect|cool] (thanks|thank you|cheers) [a lot|very much|so much]",
    "(great|perfect|cool|awesome|nice|good job|well done|excellent|wonderful)",
)
_HELLO = Pattern(
    "(hi|hello|hey|howdy|greetings) [there]",
    "good (morning|afternoon|evening|day)",
    "(are you (there|listening|awake)|can you hear me|do you hear me)",
)
_HOW_ARE_YOU = Pattern("how are you [doing] [today]", "how is it going", "(whats|what is) up")
_REPEAT = Pattern(
    "repeat [that|it|yourself] [again]",
    "say (that|it) [again]",
    "(say again|again|one more time|come again|pardon|pardon me|excuse me|what|sorry what)",
    "what (did you|have you) (say|said)",
    "what was that",
    "i (did not|didnt) (get|hear|catch|understand) (that|you)",
)
_HELP = Pattern(
    "(help|help me|i need help)",
    "what [else] can (you|i) [do|say|ask|ask you|say to you|do for me]",
    "what do you (do|know)",
    "what are (you able to do|your skills|your commands)",
    "how do (you work|i use you)",
)
_WHO = Pattern(
    "(who|what) are you",
    "(what is your name|whats your name|do you have a name|introduce yourself)",
    "(who made you|who am i talking to)",
    "are you (alexa|siri|google|a robot|a computer|a person|human|a human)",
)


def about_the_conversation(said: Said) -> Reply | None:
    if _STOP.matches(said.text) or _BYE.matches(said.text):
        return said.call("end_conversation", otherwise=farewell(said))
    if _REPEAT.matches(said.text):
        return said.answered or "I haven't said anything yet."
    if _THANKS.matches(said.text):
        return "You're welcome."
    if _HOW_ARE_YOU.matches(said.text):
        return "I'm fine, thank you. What can I do for you?"
    if _WHO.matches(said.text):
        return WHO_I_AM
    if _HELP.matches(said.text):
        return what_i_can(said)
    if _HELLO.matches(said.text):
        return f"{greeting(said.now)}! What can I do for you?"
    return None


def farewell(said: Said) -> str:
    """The last words of a conversation that ends."""
    return "Goodbye." if _BYE.matches(said.text) else "Okay."


def what_i_can(said: Said) -> str:
    skills = ["tell you the time and the date", "do sums", "convert units"]
    skills += [skill for tool, skill in _SKILLS.items() if tool in said.tools]
    return f"I can {', '.join(skills[:-1])} and {skills[-1]}. {EXAMPLE}"


def greeting(now: datetime) -> str:
    if 5 <= now.hour < 12:
        return "Good morning"
    return "Good afternoon" if 12 <= now.hour < 18 else "Good evening"
