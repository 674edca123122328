"""The orchestrator on fake stages: what is done for which faces, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.error_codes import StageError
from contracts.face import EyeState, Face
from environments import EnvironmentBroken
from orch.app.src.calling.options import Override
from orch.app.src.report import RunReport
from tests.unit.orch_fakes import World, equipment, face, run


def outcomes(report: RunReport, variation: int = 0) -> dict[str, str]:
    """ "face/side" -> outcome, of the first photo."""
    faces = report.photos[0].variations[variation].faces
    return {f"{f.face_index}/{e.side}": e.outcome for f in faces for e in f.eyes}


def files(folder: Path) -> list[str]:
    """All but the journal, the page and what is remembered of photos."""
    names = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    beside = ("Output_Json/.cache", "Output_Json/journal_")
    return [name for name in names if not name.startswith(beside) and not name.endswith(".html")]


def settings(**values: object) -> tuple[Override, ...]:
    """`section__key=value` as overrides."""
    return tuple(Override(k, tuple(k.split("__")), v) for k, v in values.items())


def test_closed_eyes_are_opened_and_only_they(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0), face(1, "open", "open"), face(2, "open", "closed"))})
    report = run(world, tmp_path, run_id="r")
    assert report.exit_code == 0
    assert report.photos[0].status == "edited"
    assert outcomes(report) == {"0/left": "opened", "0/right": "opened", "2/right": "opened"}
    done = json.loads((tmp_path / "out" / "final_restore_r_original.png").read_text())
    assert done == {"0/left": "open", "0/right": "open", "2/right": "open"}
    assert files(tmp_path / "out") == ["Output_Json/report_r.json", "final_restore_r_original.png"]


def test_chain_of_each_face(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0), face(1, "open", "closed"), face(2, "closed", "undetermined"))})
    run(world, tmp_path)
    chains = {item.face_index: item.strategies for item in world.items("gen")}
    assert chains == {0: ("lid_lift",), 1: ("mirror", "lid_lift"), 2: ("lid_lift",)}


@pytest.mark.parametrize(
    ("faces", "reason"),
    [
        ((), "no face was found"),
        ((face(0, "open", "open"),), "no closed eyes"),
        ((face(0, "open", "undetermined"),), "no eye is surely closed"),
    ],
)
def test_nothing_to_do_is_success_without_a_picture(
    tmp_path: Path, faces: tuple[Face, ...], reason: str
) -> None:
    report = run(World({"a.jpg": faces}), tmp_path, run_id="r")
    assert (report.exit_code, report.photos[0].status, report.photos[0].reason) == (0, "unchanged", reason)
    assert files(tmp_path / "out") == ["Output_Json/report_r.json"]


def test_unchanged_photos_are_copied_on_demand(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0, "open", "open"),)})
    report = run(world, tmp_path, run_id="r", overrides=settings(output__copy_unchanged=True))
    assert (tmp_path / "out" / "final_restore_r_original.jpg").read_bytes() == b"a.jpg"
    assert report.photos[0].copied_to is not None


def test_copies_keep_their_metadata_and_a_note_says_so(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0, "open", "open"),), "b.jpg": (face(0),)})
    both = settings(output__copy_unchanged=True, output__strip_metadata=True)
    told = [n.message for n in run(world, tmp_path, overrides=both).notices if n.code == "METADATA_KEPT"]
    assert told == ["1 copied photo keeps its metadata"]


def test_selected_and_ignored_faces(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0), face(1), face(2))})
    report = run(world, tmp_path, faces=frozenset({0, 1, 7}), ignored_faces=frozenset({1}))
    assert {item.face_index for item in world.items("gen")} == {0}
    assert "no face 7 here" in report.photos[0].warnings[0].message
    assert report.photos[0].faces[2].left_eye.reason == "not among --faces"


def test_min_age_counts_only_where_the_age_is_known(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0, age=2.0), face(1), face(2, age=30.0))})
    report = run(world, tmp_path, overrides=settings(processing__min_age=5.0))
    assert {item.face_index for item in world.items("gen")} == {1, 2}
    assert "tells no ages" in report.photos[0].warnings[0].message


def test_an_eye_that_stays_closed_is_retried_then_left_as_it_was(tmp_path: Path) -> None:
    def opens(index: int, strategy: str, before: int) -> EyeState:
        return "open" if index == 0 else "closed"

    world = World({"a.jpg": (face(0), face(1))}, opens=opens)
    report = run(world, tmp_path, run_id="r")
    assert report.exit_code == 0
    assert outcomes(report) == {
        "0/left": "opened",
        "0/right": "opened",
        "1/left": "not_opened",
        "1/right": "not_opened",
    }
    assert [len(r.items) for r in world.of("gen")] == [2, 1, 1]
    assert report.photos[0].variations[0].faces[1].attempts == 3
    done = json.loads((tmp_path / "out" / "final_restore_r_original.png").read_text())
    assert set(done) == {"0/left", "0/right"}


def test_retries_take_the_next_strategy_then_another_seed(tmp_path: Path) -> None:
    def opens(index: int, strategy: str, before: int) -> EyeState:
        return "open" if before == 2 else "closed"

    world = World({"a.jpg": (face(0, "open", "closed"),)}, opens=opens)
    report = run(world, tmp_path)
    tried = [(item.strategies, item.seed, item.params["openness"]) for item in world.items("gen")]
    assert tried == [
        (("mirror", "lid_lift"), 42, 1.0),
        (("lid_lift",), 1042, 1.0),
        (("lid_lift",), 2042, 1.1),
    ]
    assert outcomes(report) == {"0/right": "opened"}
    assert report.photos[0].variations[0].faces[0].strategy_used == "lid_lift"


def test_no_eye_opened_means_no_picture(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0),)}, opens=lambda index, strategy, before: "closed")
    report = run(world, tmp_path, run_id="r")
    assert (report.exit_code, report.photos[0].status) == (0, "unchanged")
    assert report.photos[0].reason == "no eye could be opened"
    assert files(tmp_path / "out") == ["Output_Json/report_r.json"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"appearance": 0.3}, "does not look like an eye"),
        ({"seam": 5.0}, "its border shows"),
    ],
)
def test_landmarks_alone_are_not_believed(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    report = run(World({"a.jpg": (face(0),)}, **change), tmp_path)
    assert set(outcomes(report).values()) == {"not_opened"}
    assert words in report.photos[0].variations[0].faces[0].eyes[0].reason


def test_refusals_are_told_with_their_reasons(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0),)}, declines={"lid_lift": "the eye is too small"})
    report = run(world, tmp_path)
    edit = report.photos[0].variations[0].faces[0]
    assert report.exit_code == 0
    assert [(e.outcome, e.reason) for e in edit.eyes] == [("refused", "lid_lift: the eye is too small")] * 2
    assert edit.refused[0].strategy == "lid_lift"
    assert len(world.of("gen")) == 1


def test_a_strategy_that_breaks_is_passed_over_and_told(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0, "open", "closed"),)}, breaks={"mirror"})
    report = run(world, tmp_path)
    edit = report.photos[0].variations[0].faces[0]
    assert (report.exit_code, edit.strategy_used, edit.error) == (0, "lid_lift", None)
    assert [w.message for w in edit.warnings] == ["mirror failed, another way was taken: mirror broke"]


def test_donors_are_tried_best_first_then_the_next(tmp_path: Path) -> None:
    donors = {"donor/1.jpg": (face(0, "open", "open"),), "donor/2.jpg": (face(0, "open", "open"),)}
    world = World({"a.jpg": (face(0),), **donors}, opens=lambda i, s, n: "open" if n == 1 else "closed")
    given = settings(generation__donor=str(tmp_path / "in" / "donor"))
    report = run(world, tmp_path, inputs=("in/a.jpg",), overrides=given)
    orders = world.items("gen")
    assert [item.strategies for item in orders] == [("donor", "lid_lift")] * 2
    assert len({item.inputs["donor_crop"] for item in orders}) == 2
    edit = report.photos[0].variations[0].faces[0]
    assert (edit.strategy_used, edit.donor, edit.same_person) == ("donor", "2.jpg", "not_checked")


def test_a_donor_that_shows_no_open_eyes_is_told_and_the_chain_goes_on(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0),), "d.jpg": (face(0),)}, declines={"donor": "there is no donor"})
    given = settings(generation__donor=str(tmp_path / "in" / "d.jpg"))
    report = run(world, tmp_path, inputs=("in/a.jpg",), overrides=given)
    assert [n.message for n in report.notices] == ["donor d.jpg shows no face with both eyes open"]
    assert report.photos[0].variations[0].faces[0].strategy_used == "lid_lift"


ANNA, BERTA = (0.0, 0.0), (1.0, 0.0)


def test_a_folder_lends_eyes_to_the_same_person_and_to_no_stranger(tmp_path: Path) -> None:
    world = World(
        {
            "anna.jpg": (face(0),),
            "both.jpg": (face(0, "open", "open"), face(1, "open", "open")),
            "carla.jpg": (face(0),),
        },
        people={"anna.jpg": (ANNA,), "both.jpg": (BERTA, (0.1, 0.1)), "carla.jpg": ((5.0, 5.0),)},
    )
    report = run(world, tmp_path)
    edits = {photo.photo: photo.variations[0].faces[0] for photo in report.photos if photo.variations}
    anna = edits["anna.jpg"]
    assert (anna.strategy_used, anna.donor, anna.same_person) == ("donor", "both.jpg", "confirmed")
    assert (
        report.photos[0].faces[0].choice.startswith("auto: donor first, since both.jpg shows the same person")
    )
    assert (edits["carla.jpg"].strategy_used, edits["carla.jpg"].donor) == ("lid_lift", None)
    lent = next(item for item in world.items("gen") if "donor_crop" in item.inputs)
    assert lent.params["donor_same_person"] is True
    assert [item.face_index for item in world.items("crop") if item.photo == "in:both.jpg"] == [1]


def test_nobody_is_looked_up_where_nobody_could_lend(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0),), "b.jpg": (face(0),)})
    run(world, tmp_path)
    assert {request.backend for request in world.of("face")} == {"facemesh"}


@pytest.mark.parametrize("switch", [{"generation__find_donors": False}, {"generation__model": "lid_lift"}])
def test_donors_are_not_looked_for_where_that_is_switched_off(tmp_path: Path, switch: dict[str, Any]) -> None:
    world = World(
        {"a.jpg": (face(0),), "b.jpg": (face(0, "open", "open"),)},
        people={"a.jpg": (ANNA,), "b.jpg": (ANNA,)},
    )
    report = run(world, tmp_path, overrides=settings(**switch))
    assert report.photos[0].variations[0].faces[0].strategy_used == "lid_lift"
    assert {request.backend for request in world.of("face")} == {"facemesh"}


def test_a_donor_folder_lends_to_the_same_person_only(tmp_path: Path) -> None:
    opened = (face(0, "open", "open"),)
    world = World(
        {"a.jpg": (face(0),), "more/1.jpg": opened, "more/2.jpg": opened},
        people={"a.jpg": (ANNA,), "1.jpg": (BERTA,), "2.jpg": (ANNA,)},
    )
    given = settings(generation__donor_folder=[str(tmp_path / "in" / "more")])
    report = run(world, tmp_path, inputs=("in/a.jpg",), overrides=given)
    assert report.photos[0].variations[0].faces[0].donor == "2.jpg"


def test_a_named_donor_who_is_somebody_else_is_told_and_not_used(tmp_path: Path) -> None:
    world = World(
        {"a.jpg": (face(0),), "d.jpg": (face(0, "open", "open"),)},
        people={"a.jpg": (ANNA,), "d.jpg": (BERTA,)},
    )
    given = settings(generation__donor=str(tmp_path / "in" / "d.jpg"))
    report = run(world, tmp_path, inputs=("in/a.jpg",), overrides=given)
    assert report.photos[0].variations[0].faces[0].strategy_used == "lid_lift"
    assert [n.code for n in report.notices] == ["DONOR_STRANGER"]
    exactly = settings(generation__donor=str(tmp_path / "in" / "d.jpg"), generation__model="donor")
    edit = run(world, tmp_path, inputs=("in/a.jpg",), overrides=exactly).photos[0].variations[0].faces[0]
    assert (edit.strategy_used, edit.same_person) == ("donor", "differs")


def test_without_the_identity_environment_only_named_donors_lend(tmp_path: Path) -> None:
    def no_network(folder: Path, recipe: str) -> None:
        if recipe == "identity":
            raise EnvironmentBroken("no network", "")

    world = World(
        {"a.jpg": (face(0),), "b.jpg": (face(0, "open", "open"),)},
        people={"a.jpg": (ANNA,), "b.jpg": (ANNA,)},
    )
    changed = {"equipment": equipment(tmp_path, make=no_network)}
    report = run(world, tmp_path, surroundings=changed)
    assert report.photos[0].variations[0].faces[0].strategy_used == "lid_lift"
    assert [n.code for n in report.notices] == ["IDENTITY_MISSING"]


@pytest.mark.parametrize("stage", ["crop", "gen"])
@pytest.mark.parametrize("how", ["fails", "dies"])
def test_a_failing_face_does_not_stop_the_others(tmp_path: Path, stage: str, how: str) -> None:
    item = "1" if stage == "crop" else "original/1"
    world = World({"a.jpg": (face(0), face(1), face(2))})
    if how == "fails":
        world.fails[stage, item] = "GEN_001"
    else:
        world.dies.add((stage, item))
    report = run(world, tmp_path)
    assert outcomes(report) == {
        "0/left": "opened",
        "0/right": "opened",
        "1/left": "failed",
        "1/right": "failed",
        "2/left": "opened",
        "2/right": "opened",
    }
    assert (report.exit_code, report.photos[0].status) == (9, "partial")


def test_a_face_that_cannot_be_blended_does_not_stop_the_others(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0), face(1), face(2))}, unblendable={1})
    report = run(world, tmp_path, run_id="r")
    assert {key: value for key, value in outcomes(report).items() if value == "failed"} == {
        "1/left": "failed",
        "1/right": "failed",
    }
    assert (report.exit_code, report.photos[0].status) == (9, "partial")
    done = json.loads((tmp_path / "out" / "final_restore_r_original.png").read_text())
    assert set(done) == {"0/left", "0/right", "2/left", "2/right"}


def test_an_eye_that_was_not_looked_at_is_not_believed(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0),)}, fails={("face", "original"): "FACE_DET_001"})
    report = run(world, tmp_path, run_id="r")
    assert set(outcomes(report).values()) == {"failed"}
    assert report.photos[0].status == "failed"
    assert not (tmp_path / "out" / "final_restore_r_original.png").exists()


def test_a_bad_photo_does_not_stop_the_others(tmp_path: Path) -> None:
    world = World({"1.jpg": (face(0),), "2.jpg": (face(0),), "3.jpg": (face(0),)})
    world.fails["face", "in:2.jpg"] = "INPUT_003"
    report = run(world, tmp_path, run_id="r")
    assert [photo.status for photo in report.photos] == ["edited", "failed", "edited"]
    assert report.exit_code == 9
    assert files(tmp_path / "out") == [
        "Output_Json/report_r.json",
        "final_restore_r_1_jpg_original.png",
        "final_restore_r_3_jpg_original.png",
    ]


def test_a_single_unreadable_photo_gives_its_own_exit_code(tmp_path: Path) -> None:
    world = World({"a.jpg": ()})
    world.fails["face", "in:a.jpg"] = "INPUT_002"
    assert run(world, tmp_path).exit_code == 4


def test_a_missing_input_beside_good_ones_is_reported(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0),)})
    report = run(world, tmp_path, inputs=("in/a.jpg", "in/none.jpg"))
    assert report.exit_code == 9
    assert "none.jpg does not exist" in report.problems[0].message
    assert report.photos[0].status == "edited"


def test_variations_differ_in_seed_openness_and_prompt_not_in_colour(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0),)})
    prompt = "deep green eyes, soft light"
    report = run(world, tmp_path, run_id="r", num_variations=2, overrides=settings(generation__prompt=prompt))
    items = world.items("gen")
    assert [item.variation_id for item in items] == ["original", "variation_01", "variation_02"]
    assert [item.seed for item in items] == [42, 43, 44]
    assert len({item.params["openness"] for item in items}) == 3
    assert [item.params["prompt"] for item in items] == [prompt, "prompt 1", "prompt 2"]
    assert {item.params["prompt_colour"] for item in items} == {"green"}
    assert len(world.of("gen")) == len(world.of("blend")) == len(world.of("crop")) == 1
    assert [Path(path).name for path in report.output_paths()] == [
        "final_restore_r_original.png",
        "final_restore_r_variation_01.png",
        "final_restore_r_variation_02.png",
    ]
    assert files(tmp_path / "out" / "config") == [
        "prompt_variations_r/variation_01.json",
        "prompt_variations_r/variation_02.json",
    ]


def test_the_default_prompt_is_no_wish(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0),)})
    run(world, tmp_path)
    params = world.items("gen")[0].params
    assert (params["prompt_colour"], params["default_colour"]) == (None, "brown")


def test_only_the_stages_of_the_run_are_started(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0),)})
    run(world, tmp_path / "1", overrides=settings(restoration__enabled=False))
    assert world.started == ["face", "crop", "gen", "blend"]
    world = World({"a.jpg": (face(0),)})
    run(world, tmp_path / "2", num_variations=1)
    assert set(world.started) == {"face", "crop", "gen", "blend", "preenh", "res"}


def test_restoration_that_is_skipped_says_why_and_keeps_the_blend(tmp_path: Path) -> None:
    report = run(World({"a.jpg": (face(0),)}), tmp_path)
    assert report.photos[0].variations[0].restoration == "skipped: no weights"
    assert report.photos[0].variations[0].output is not None


def test_dry_run_plans_and_writes_only_what_a_person_chooses_from(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0),)})
    report = run(world, tmp_path, dry_run=True)
    assert world.started == ["face"]
    assert report.photos[0].status == "planned"
    assert report.photos[0].faces[0].strategies == ("lid_lift",)
    assert files(tmp_path / "out") == [f"Output_Json/selection_{report.run_id}.json"]
    assert (tmp_path / f"out/Output_Json/selection_{report.run_id}.html").is_file()


def test_a_run_has_a_page(tmp_path: Path) -> None:
    run(World({"a.jpg": (face(0),)}), tmp_path, run_id="r")
    assert "a.jpg" in (tmp_path / "out/Output_Json/report_r.html").read_text()


def test_verbose_keeps_the_tree_of_the_design(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0),)})
    run(world, tmp_path, run_id="r", overrides=settings(processing__verbose=True))
    kept = files(tmp_path / "out")
    for name in (
        "Output_Json/face_r_shared.json",
        "Output_Json/crop_0_r_shared.json",
        "crop/face_crop_0_r_shared.png",
        "crop/face_mask_0_r_shared.png",
        "crop/face_mask_L_0_r_shared.png",
        "crop/face_mask_R_0_r_shared.png",
        "gen/0_prepared_0_r_original.png",
        "gen/1_base_output_0_r_original.png",
        "gen/2_refined_0_r_original.png",
        "gen/3_final_result_0_r_original.png",
        "blend/final_result_r_original.png",
        "face/face_r_shared.png",
        "final_restore_r_original.png",
    ):
        assert name in kept


def test_an_interruption_keeps_what_is_finished(tmp_path: Path) -> None:
    world = World({"1.jpg": (face(0),), "2.jpg": (face(0),), "3.jpg": (face(0),)}, interrupt_at="2.jpg")
    report = run(world, tmp_path, run_id="r")
    assert (report.exit_code, report.not_done) == (130, ("2.jpg", "3.jpg"))
    assert files(tmp_path / "out") == ["Output_Json/report_r.json", "final_restore_r_1_jpg_original.png"]


def test_nothing_private_is_left_after_a_failure(tmp_path: Path) -> None:
    def broken(finished: object) -> None:
        raise RuntimeError("bug")

    report = run(
        World({"a.jpg": (face(0),)}),
        tmp_path,
        run_id="r",
        surroundings={"writer": lambda settings: broken},
    )
    assert report.exit_code == 70
    error = report.photos[0].error
    assert error is not None and error.code == "INTERNAL_001"
    assert files(tmp_path / "out") == ["Output_Json/report_r.json"]
    assert not list((tmp_path / "out").glob(".*"))


@pytest.mark.parametrize(
    ("options", "code", "exit_code"),
    [
        ({"overrides": settings(generation__model="sdxl")}, "MODEL_001", 3),
        ({"overrides": settings(generation__model="donor")}, "ARGS_001", 2),
        ({"overrides": settings(restoration__enabled=True)}, "MODEL_001", 3),
        ({"run_id": "../x"}, "RUN_001", 2),
        ({"num_variations": -1}, "ARGS_001", 2),
        ({"inputs": ("nowhere.jpg",)}, "INPUT_001", 4),
        ({"overrides": settings(generation__donor="/nowhere")}, "INPUT_001", 4),
        ({"overrides": settings(output__name_template="{stm}{ext}")}, "ARGS_001", 2),
    ],
)
def test_what_cannot_work_is_refused_before_the_first_photo(
    tmp_path: Path, options: dict[str, Any], code: str, exit_code: int
) -> None:
    world = World({"a.jpg": (face(0),)})
    with pytest.raises(StageError) as caught:
        run(world, tmp_path, **options)
    assert (caught.value.code, caught.value.exit_code) == (code, exit_code)
    assert world.requests == []
