"""What can be read of a project, against the project itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from covey.review.corrections import describe, merge, move, not_same, remove
from covey.server.pages import page_of
from covey.store.items import Batch
from covey.store.review import Review
from covey.types import InputError

from .conftest import PLACED, Client, until


def test_the_project_at_a_glance(client: Client, review: Review) -> None:
    review.correct(lambda state, known: describe(state, 2, "name", "Ada"))
    review.correct(lambda state, known: describe(state, 5, "hidden", True))
    found = client.get("/v1/project")
    wanted = {
        "name": "a project", "metric": "cosine", "items": 26, "groups": 5, "named": 1,
        "confirmed": 0, "hidden": 1, "in_no_group": 3, "reviewed_items": 8, "revision": 4,
        "reviewed_share": round(8 / 26, 4), "runs": [1], "new_items": 0, "has_pictures": True,
        "has_texts": True, "undo": {"event": 4, "kind": "hide"}, "redo": None,
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted
    assert (found["last_run"]["number"], found["last_run"]["n"]) == (1, 26)
    assert client.get("/v1/projects")["projects"] == [found]
    assert client("GET", "/v1/project").headers["etag"] == '"4"'


def test_groups_in_every_order(client: Client, review: Review) -> None:
    for number, name in ((3, "Zoë"), (4, "ada")):
        review.correct(lambda state, known, g=number, n=name: describe(state, g, "name", n))
    review.correct(lambda state, known: describe(state, 5, "hidden", True))
    review.correct(lambda state, known: describe(state, 3, "confirmed", True))

    def numbers(query: str) -> list[int]:
        return [each["number"] for each in client.every(f"/v1/groups?{query}", "groups", 2)]

    assert numbers("") == numbers("order=size&show=all") == [1, 2, 3, 4]
    assert numbers("order=name") == [4, 3, 1, 2]
    assert numbers("order=changed") == [3, 4, 1, 2]
    assert numbers("show=named") == [3, 4]
    assert numbers("show=unnamed") == [1, 2]
    assert numbers("show=confirmed") == [3]
    assert numbers("show=hidden") == [5]
    assert numbers("q=ZO") == [3]
    assert numbers("q=2") == [2]
    assert numbers("q=nobody") == []


def test_a_group(client: Client, review: Review) -> None:
    found = client.get("/v1/groups/2")
    members = np.flatnonzero(PLACED == 2)
    strength = review.evidence.strength
    assert len(set(found["exemplars"])) == 4
    assert set(found["exemplars"]) <= set(members.tolist())
    assert found["strength"] == pytest.approx(strength[members].mean(), abs=1e-4)
    assert (found["size"], found["cannot"], found["revision"]) == (6, [], 2)
    review.correct(lambda state, known: not_same(state, known, 2, 4))
    assert client.get("/v1/groups/2")["cannot"] == [4]
    assert client.get("/v1/groups/4")["cannot"] == [2]


def test_exemplars_show_both_kinds_of_a_group(client: Client, review: Review) -> None:
    def kinds() -> set[int]:
        return set(PLACED[client.get("/v1/groups/1")["exemplars"]].tolist())

    assert kinds() == {1}
    review.correct(lambda state, known: merge(state, known, [1, 4]))
    strongest = np.argsort(-review.evidence.strength[:21])[:4]
    assert set(PLACED[strongest].tolist()) == {1}  # which show one kind only
    assert kinds() == {1, 4}


def test_members(client: Client) -> None:
    members = np.flatnonzero(PLACED == 1).tolist()
    for order, wanted in (("strength", members), ("weakest", members[::-1]), ("item", members)):
        found = client.every(f"/v1/groups/1/members?order={order}", "members")
        assert [each["item"] for each in found] == wanted
    first = client.get("/v1/groups/1/members?order=item&limit=1")["members"]
    assert first == [
        {"item": 0, "id": "Item 00", "text": "one", "has_picture": True, "strength": 1.0}
    ]


def test_a_group_in_parts(client: Client, review: Review) -> None:
    assert client.get("/v1/groups/1/cut?parts=1")["most"] == 8
    review.correct(lambda state, known: merge(state, known, [1, 4]))
    found = client.get("/v1/groups/1/cut?parts=2")["parts"]
    assert [part["items"] for part in found] == [list(range(8)), [18, 19, 20]]
    assert len(set(found[0]["exemplars"])) == 6
    assert found[1]["exemplars"] == [18, 19, 20]  # all there are, by strength
    assert len(client.get("/v1/groups/1/cut?parts=99")["parts"]) == 11


def test_items(client: Client, review: Review) -> None:
    found = client.every("/v1/items?q=ITEM 1", "items", 4)
    assert [each["item"] for each in found] == list(range(10, 20))
    assert client.get("/v1/items?q=%2312")["items"][0]["id"] == "Item 12"
    assert client.get("/v1/items?q=%2399")["items"] == []
    assert client.get("/v1/items?q=.%2A")["items"] == []
    assert [each["id"] for each in client.get("/v1/items?q=TWO")["items"]] == [
        "Item 01"
    ]  # its text
    review.correct(lambda state, known: remove(state, known, [3]))
    found = client.get("/v1/items/3")
    assert (found["group"], found["must"], found["cannot"]) == (None, [], [0])
    assert client.get("/v1/items/0")["cannot"] == [3]


def test_items_by_their_ids(client: Client) -> None:
    found = client.get("/v1/items?id=Item 03&id=item 04&id=Item 01&id=Item 03&id=x")
    assert [(each["item"], each["id"]) for each in found["items"]] == [
        (1, "Item 01"),
        (3, "Item 03"),
    ]
    assert (found["total"], found["missing"]) == (2, ["item 04", "x"])
    assert found["items"][0]["group"] == 1
    first = client.get("/v1/items?id=Item 03&id=Item 01&limit=1")
    second = client.get(f"/v1/items?id=Item 03&id=Item 01&limit=1&cursor={first['next']}")
    assert [each["items"][0]["item"] for each in (first, second)] == [1, 3]
    assert client.get("/v1/items?q=ITEM 01")["missing"] == []
    assert client("GET", "/v1/items?id=Item 03&q=x").status_code == 422
    assert client("GET", "/v1/items?" + "&".join(["id=x"] * 501)).status_code == 422


def test_ids_stand_wherever_items_do(client: Client, review: Review) -> None:
    review.correct(lambda state, known: not_same(state, known, 3, 4))
    review.correct(lambda state, known: merge(state, known, [1, 2]))
    client.suggestions()
    answers = {
        path: client.get(f"/v1/{path}")
        for path in (
            "groups", "groups/1", "groups/1/members", "groups/1/cut", "items", "items/0", "none",
            "items/0/neighbours", "suggestions", "constraints",
        )
    }  # fmt: skip
    answers["map"] = until(client, "/v1/map", "ready")
    answers["items of links"] = [client.get(f"/v1/items/{item}") for item in (0, 14, 18)]
    pairs = {
        "item": "id", "items": "ids", "exemplars": "exemplar_ids", "must": "must_ids",
        "cannot": "cannot_ids", "neighbours": "neighbour_ids", "a": "a_id", "b": "b_id",
    }  # fmt: skip
    seen = set()

    def check(value: Any, of_group: bool) -> None:
        for each in value if isinstance(value, list) else ():
            check(each, of_group)
        if not isinstance(value, dict):
            return
        for name, numbers in value.items():
            check(numbers, of_group)
            plain = isinstance(numbers, int) or (
                isinstance(numbers, list) and all(isinstance(each, int) for each in numbers)
            )
            if name in pairs and plain and not (name == "cannot" and of_group):
                seen.add(name)
                wanted = [f"Item {each:02d}" for each in np.atleast_1d(numbers).astype(int)]
                assert np.atleast_1d(value[pairs[name]]).tolist() == wanted, name

    for path, answer in answers.items():
        check(answer, of_group=path == "groups/1")  # whose `cannot` are groups
    assert seen == pairs.keys() - {"neighbours"}  # see /v1/assign


def cosines(review: Review, item: int) -> np.ndarray:
    rows = review.items.matrix().astype(float)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows[item]


def test_more_like_this(client: Client, review: Review) -> None:
    lists = review.last_run().knn()  # type: ignore[union-attr]
    found = client.get("/v1/items/4/neighbours?k=5")["neighbours"]
    assert [each["item"] for each in found] == lists.indices[4, :5].tolist()
    assert found[0]["group"] == PLACED[found[0]["item"]]
    rows = np.random.default_rng(1).normal(size=(3, 8)).astype(np.float32)
    review.add(Batch(np.array(["a", "b", "c"], object), rows))
    wanted = cosines(review, 27)
    wanted[27] = -2
    found = client.get("/v1/items/27/neighbours?k=4")["neighbours"]
    assert [each["item"] for each in found] == np.argsort(-wanted)[:4].tolist()
    assert found[0]["similarity"] == pytest.approx(wanted.max(), abs=1e-4)
    assert len(client.get("/v1/items/27/neighbours?k=200")["neighbours"]) == 28


def test_items_in_no_group(client: Client, review: Review) -> None:
    before = client.get("/v1/none")
    assert before["total"] == 3
    client.suggestions()
    review.correct(lambda state, known: remove(state, known, [2]))
    found = client.every("/v1/none", "items", 1)
    assert {each["item"] for each in found} == {2, 23, 24, 25}
    assert found[0]["home"]["group"] in range(1, 6)
    chances = [each["home"]["chance"] if each["home"] else 0.0 for each in found]
    assert chances == sorted(chances, reverse=True)


def test_what_is_known_of_pairs(client: Client, review: Review) -> None:
    review.correct(lambda state, known: merge(state, known, [1, 2]))
    review.correct(lambda state, known: not_same(state, known, 3, 4))
    every = client.every("/v1/constraints", "links", 1)
    assert [each["kind"] for each in every] == ["cannot", "must"]
    assert client.every("/v1/constraints?kind=must", "links") == every[1:]
    assert every[1] == {"kind": "must", "a": 0, "a_id": "Item 00", "b": 8, "b_id": "Item 08"}


def test_what_is_known_of_sets(client: Client, review: Review) -> None:
    review.correct(lambda state, known: not_same(state, known, 3, 4))
    review.correct(lambda state, known: remove(state, known, [21, 22]))
    review.correct(lambda state, known: remove(state, known, list(range(8))))
    every = client.every("/v1/constraints", "links", 1)
    assert [each["kind"] for each in every] == ["apart", "apart", "cannot"]
    assert every[0] == {
        "kind": "apart",
        "items": list(range(8)),
        "ids": [f"Item 0{item}" for item in range(8)],
    }
    assert client.every("/v1/constraints?kind=apart", "links", 1) == every[:2]
    assert client.every("/v1/constraints?kind=cannot", "links") == every[2:]
    assert client.get("/v1/items/2")["cannot"] == [0, 1, 3, 4, 5, 6, 7]
    for item in (0, 1):
        review.correct(lambda state, known, item=item: move(state, known, [item], None))
    one, other = (int(review.state.group_of[item]) for item in (0, 1))
    assert client.get(f"/v1/groups/{one}")["cannot"] == [other]
    assert review.state.kept_from(8) == frozenset()


def test_events(client: Client, review: Review) -> None:
    review.correct(lambda state, known: merge(state, known, [1, 2]), author="me")
    review.undo()
    every = client.every("/v1/events", "events", 3)
    assert [(each["number"], each["kind"]) for each in every] == [
        (1, "add"), (2, "run"), (3, "merge"), (4, "undo")
    ]  # fmt: skip
    assert every[2]["author"] == "me"
    assert client.every("/v1/events?order=newest", "events", 3) == every[::-1]
    assert client.every("/v1/events?after=2", "events", 1) == every[2:]
    assert client.get("/v1/events?after=9")["events"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/v1/groups/99", "/v1/groups/99/members", "/v1/groups/99/cut", "/v1/items/26",
        "/v1/items/-1", "/v1/items/26/neighbours", "/v1/items/26/thumbnail", "/v1/jobs/x", "/v1/x",
    ],
)  # fmt: skip
def test_what_is_not_there(client: Client, path: str) -> None:
    answer = client("GET", path)
    assert answer.status_code == 404
    told = answer.json()
    assert told.keys() == {"type", "title", "status", "detail"}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/groups?limit=0", 422), ("/v1/groups?limit=501", 422), ("/v1/groups?order=x", 422),
        ("/v1/groups/x", 422), ("/v1/groups?cursor=%21", 400), ("/v1/groups?cursor=e30", 400),
        ("/v1/groups?cursor=WyJhIl0", 400), ("/v1/items/1/thumbnail?size=161", 422),
        ("/v1/items/1/neighbours?k=0", 422), ("/v1/exports/xml", 422),
    ],
)  # fmt: skip
def test_what_makes_no_sense(client: Client, path: str, status: int) -> None:
    answer = client("GET", path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)


def test_pages_stay_whole_while_rows_come_and_go() -> None:
    rng = np.random.default_rng(0)
    rows: list[tuple[Any, ...]] = sorted((int(rng.integers(0, 5)), i) for i in range(60))
    steady, seen, cursor = set(rows[::2]), [], None
    while True:
        page = page_of(rows, 7, cursor)
        seen += page.rows
        if page.next is None:
            break
        cursor = page.next
        rows = sorted(
            [each for each in rows if each in steady or rng.random() < 0.9] + [(2, 100 + len(seen))]
        )
    assert len(seen) == len(set(seen))
    assert steady <= set(seen)
    with pytest.raises(InputError, match="cursor"):
        page_of(rows, 7, "###")
