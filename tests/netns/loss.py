"""Which packets are lost: a function of the seed and of their count alone, whatever the timing of the run."""

import random

from conditions import COMES


class Loss:
    """The fate of one packet after the other."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._in_bad_state = False
        self._number = 0

    def begin_pattern(self):
        """The next packet is the pattern's first."""
        self._number = 0

    def next_is_lost(self, conditions):
        """Whether the next packet is lost."""
        # Drawn for every packet, so that what else happens to one does not shift the fate of the next.
        draw = self._random.random()
        if conditions.pattern:
            self._number += 1
            return conditions.pattern[self._number - 1 : self._number] not in (COMES, "")
        if conditions.loss_run == 0:
            return draw < conditions.loss
        if draw < self._chance_to_change(conditions):
            self._in_bad_state = not self._in_bad_state
        return self._in_bad_state

    def _chance_to_change(self, conditions):
        """Gilbert-Elliott by share π and mean run L: r = 1/L out of the bad state, p = r·π/(1−π) into it."""
        leave = 1 / conditions.loss_run
        if self._in_bad_state:
            return leave
        return leave * conditions.loss / (1 - conditions.loss) if conditions.loss < 1 else 1.0
