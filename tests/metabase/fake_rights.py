"""Groups and rights of a fake Metabase, as permissions_rest/ and permissions/models/ of the real one have them."""

import copy
from typing import Final

from tests.metabase.fake_request import AnswerError, Asked
from tests.metabase.fake_state import ADMINISTRATORS, EVERYBODY, Json

ALL: Final = {"view-data": "unrestricted", "create-queries": "query-builder-and-native"}


class Rights(Asked):
    """What is asked of them."""

    def get_permissions_group(self) -> list[Json]:
        members = self.state.members
        return [{**each, "member_count": len(members.get(each["id"], ()))} for each in self.state.groups.values()]

    def get_permissions_group_id(self, number: int) -> Json:
        return {**self._thing("groups", number), "members": self.state.members.get(number, [])}

    def post_permissions_group(self) -> Json:
        """May what everybody may, of every database; of collections nothing. A name is there once, in any letters."""
        state, name = self.state, self.body["name"]
        if any(each["name"].lower() == name.lower() for each in state.groups.values()):
            raise AnswerError(400, "A group with that name already exists.")
        number = state.next_id()
        state.groups[number] = {"id": number, "name": name, "magic_group_type": None}
        state.data_graph[str(number)] = copy.deepcopy(state.data_graph.get(str(EVERYBODY), {}))
        return state.groups[number]

    def delete_permissions_group_id(self, number: int) -> None:
        if self._thing("groups", number)["magic_group_type"]:
            raise AnswerError(400, "You cannot edit or delete the permissions group!")
        del self.state.groups[number]
        self.state.members.pop(number, None)
        for graph in (self.state.data_graph, self.state.collection_graph):
            graph.pop(str(number), None)

    def get_permissions_graph(self) -> Json:
        """What allows least is left out; administrators may all, though nothing of it is kept."""
        state = self.state
        few = {
            group: {db: {k: v for k, v in may.items() if v not in ("no", "blocked")} for db, may in databases.items()}
            for group, databases in state.data_graph.items()
        }
        few[str(ADMINISTRATORS)] = {str(number): {**ALL, "details": "yes"} for number in state.databases}
        return {"revision": state.revisions["data"], "groups": few}

    def put_permissions_graph(self) -> Json:
        """Answers the groups that were sent. To write queries without seeing all is no pair of rights."""
        self._revision("data")
        for group, databases in self.body["groups"].items():
            self._thing("groups", int(group))
            for database, may in databases.items():
                self._thing("databases", int(database))
                self.state.data_graph.setdefault(group, {}).setdefault(database, {}).update(may)
        answer = self.get_permissions_graph()
        return {**answer, "groups": {group: answer["groups"][group] for group in self.body["groups"]}}

    def get_collection_graph(self) -> Json:
        """Sparse: who may nothing is left out, and what is in the trash."""
        state = self.state
        kept = {str(number) for number, each in state.collections.items() if not each["archived"]}
        few = {
            group: {number: may for number, may in rights.items() if may != "none" and number in kept}
            for group, rights in state.collection_graph.items()
        }
        few[str(ADMINISTRATORS)] = {"root": "write", **dict.fromkeys(kept, "write")}
        return {"revision": state.revisions["collection"], "groups": few}

    def put_collection_graph(self) -> Json:
        self._revision("collection")
        for group, collections in self.body["groups"].items():
            self._thing("groups", int(group))
            self.state.collection_graph.setdefault(group, {}).update(collections)
        return self.get_collection_graph()

    def _revision(self, which: str) -> None:
        if self.body["revision"] != self.state.revisions[which]:
            raise AnswerError(409, "Looks like someone else edited the permissions and your data is out of date.")
        self.state.revisions[which] += 1
