"""What alerts of motors say: what is the case, and what to do. In pages and in messages alike."""

from domain.pump.motor_alerts import MotorRule
from ui.texts import _

RULES = frozenset(rule.value for rule in MotorRule)


def what(rule: str, detail: str = "") -> str:
    """ON after its permission was over; protection tripped: it runs dry."""
    if rule == MotorRule.TRIPPED:
        return _("protection tripped: {fault}").format(fault=fault_word(detail))
    texts = {
        MotorRule.ON_AFTER_LEASE: _("ON after its permission was over"),
        MotorRule.ON_WITHOUT_RUN: _("ON though nobody started it"),
        MotorRule.SILENT: _("controller silent while members wait"),
    }
    return texts[MotorRule(rule)]


def advice(rule: str) -> str:
    """What has been done, and what somebody must do."""
    texts = {
        MotorRule.ON_AFTER_LEASE: _(
            "The contactor may be stuck. No other motor starts until it is OFF: switch it off by hand."
        ),
        MotorRule.ON_WITHOUT_RUN: _("A stop was sent; nobody is charged. Somebody may have switched it by hand."),
        MotorRule.TRIPPED: _("The motor is off and stays off. Look at pump and water, then reset the controller."),
        MotorRule.SILENT: _("Look at its power and its network. The line keeps its order."),
    }
    return texts[MotorRule(rule)]


def fault_word(fault: str) -> str:
    """A controller's fault in words; one that we do not know stays as it is."""
    words = {
        "dry_run": _("the pump runs dry"),
        "overload": _("the motor is overloaded"),
        "no_current_sensor": _("the current sensor is gone"),
        "welded": _("the contactor is stuck ON"),
        "no_feedback": _("the contactor does not follow"),
        "output": _("an output is not as it should be"),
        "safe_mode": _("it crashed again and again, and waits for repair"),
    }
    return words.get(fault, fault)
