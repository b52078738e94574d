"""JSON-RPC as epee's HTTP server does it: envelopes, methods by name, errors."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from monerosim.model.errors import NO_METHOD, PARSE_ERROR, HttpStatusError, ServiceError, no_method
from monerosim.model.parameters import Parameters, given, not_heeded, read
from monerosim.rpc.transport import Json

JSON_RPC = "/json_rpc"
"""The path that JSON-RPC requests are posted to."""

NOT_HEEDED = "not_heeded"
"""The field of an answer that names what the request asks for and the model does not heed."""

C = TypeVar("C")
P = TypeVar("P", bound=Parameters)
Result: TypeAlias = dict[str, Json]
ListMethod: TypeAlias = Callable[[C, list[Json]], Json]


class _Method(NamedTuple, Generic[C]):
    parameters: type[Parameters]
    call: Callable[[C, Json], Result]


class Methods(Generic[C]):
    """The methods that work on one kind of thing, by name; a name that begins with a slash is a path of its own."""

    def __init__(self) -> None:
        self.methods: dict[str, _Method[C]] = {}
        self.of_lists: dict[str, ListMethod[C]] = {}

    @classmethod
    def of(cls, groups: "Iterable[Methods[C]]") -> "Methods[C]":
        """Return the methods of several groups."""
        union = cls()
        for group in groups:
            union.methods |= group.methods
            union.of_lists |= group.of_lists
        return union

    def method(
        self, parameters: type[P], *names: str
    ) -> Callable[[Callable[[C, P], Result]], Callable[[C, P], Result]]:
        """Register a function as the method of some names."""

        def register(function: Callable[[C, P], Result]) -> Callable[[C, P], Result]:
            def call(context: C, params: Json) -> Result:
                return function(context, read(parameters, params))

            self.methods.update(dict.fromkeys(names, _Method(parameters, call)))
            return function

        return register

    def takes_list(self, *names: str) -> Callable[[ListMethod[C]], ListMethod[C]]:
        """Register a function as a method whose parameters are a list."""

        def register(function: ListMethod[C]) -> ListMethod[C]:
            self.of_lists.update(dict.fromkeys(names, function))
            return function

        return register

    def call(self, name: str, context: C, params: Json) -> Json:
        """Carry out a method.

        Raises:
            ServiceError: There is no such method, or it answers an error.
        """
        if name in self.of_lists:
            return self.of_lists[name](context, params if isinstance(params, list) else [])
        found = self.methods.get(name)
        if found is None:
            raise no_method()
        result = found.call(context, params)
        ignored: list[Json] = [*not_heeded(found.parameters, params)]
        if ignored:
            told = result.get(NOT_HEEDED)
            result[NOT_HEEDED] = [*ignored, *(told if isinstance(told, list) else ())]
        return result

    def parameters(self, name: str) -> type[Parameters]:
        """Return the structure of a method's parameters."""
        return self.methods[name].parameters

    def __contains__(self, name: object) -> bool:
        return name in self.methods or name in self.of_lists

    def __iter__(self) -> Iterator[str]:
        return iter((*self.methods, *self.of_lists))


def answer(body: Mapping[str, Json], call: Callable[[str, Json], Json]) -> dict[str, Json]:
    """Answer a JSON-RPC request.

    Args:
        body: The request.
        call: Carries out a method, given its name and parameters; raises :class:`ServiceError`.

    Raises:
        HttpStatusError: The method's name is not a string.
    """
    identity, method = given(body, "id"), given(body, "method")
    if method is None:
        return refusal(ServiceError(-32600, "Invalid Request"))
    if not isinstance(method, str):
        raise HttpStatusError(HTTPStatus.INTERNAL_SERVER_ERROR)
    try:
        return {"id": 0 if identity is None else identity, "jsonrpc": "2.0", "result": call(method, body.get("params"))}
    except ServiceError as error:
        if error.code == PARSE_ERROR:
            return refusal(error)
        if identity is None:
            return refusal(error, "" if error.code == NO_METHOD else 0)
        return refusal(error, identity)


def refusal(error: ServiceError, identity: Json = 0) -> dict[str, Json]:
    """Return the answer that carries an error."""
    return {"error": {"code": error.code, "message": error.message}, "id": identity, "jsonrpc": "2.0"}
