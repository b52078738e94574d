"""A crowd whose users are all alike: each draws what the first draws."""

from actors.users.crowd import Crowd
from monerosim.runtime.streams import Streams


class AlikeCrowd(Crowd):
    """Has a copy of the first user's stream for each."""

    def begin(self):
        self._alike = {}
        super().begin()

    def stream_of(self, user):
        if user not in self._alike:
            self._alike[user] = Streams(self.host.stream_seed(self.name), 1)
        return self._alike[user].of(0)
