"""`models list | verify | pull | import`, from a parsed command line to an exit status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contracts.exit_codes import ExitCode
from orch.app.src.calling.commands import SmallCommand
from orch.app.src.models.catalogue import StageModel, catalogue, model_named, profile
from orch.app.src.models.licences import licence_line
from orch.app.src.models.listing import list_models, verify_models
from orch.app.src.models.store import model_store


def models_command(
    command: SmallCommand, environ: Mapping[str, str], models: Sequence[StageModel] | None = None
) -> int:
    """Do it.

    Args:
        models: what there is; None takes the stages' manifests.

    Raises:
        StageError: as the single commands do.
    """
    known = catalogue() if models is None else models
    store = model_store(environ)
    named = [model_named(name, known) for name in command.models]
    if command.action == "list":
        return list_models(known, store, command.as_json)
    if command.action == "verify":
        return verify_models(named or known, store)
    if command.action == "import":
        from orch.app.src.models.importing import import_model

        taken = import_model(command.given, named or known, store)
        print(f"{taken.name}: {store.path(taken)}")
        print(f"  licence: {licence_line(taken)}")
        return int(ExitCode.OK)
    from orch.app.src.models.display import display
    from orch.app.src.models.pull import pull

    wanted = named or profile(command.profile, known)
    pull(wanted, store, display(), command.accept_licence)
    return int(ExitCode.OK)
