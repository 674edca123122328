"""The orchestrator on fake stages: what is done for which faces, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.face import EyeState, Face
from contracts.res import NOT_RESTORED
from tests.unit.orch_fakes import World, face, run
from tests.unit.orch_outcomes import files, outcomes, settings


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
    painting = [("crop", "opencv"), ("gen", "embedded"), ("blend", "opencv")]
    usual = [("face", "facemesh"), *painting, ("res", "finish")]
    assert world.started == usual
    world = World({"a.jpg": (face(0),)})
    run(world, tmp_path / "2", num_variations=1)
    assert set(world.started) == {*usual, ("preenh", "rules")}


def test_restoration_that_is_skipped_says_why_and_keeps_the_blend(tmp_path: Path) -> None:
    report = run(World({"a.jpg": (face(0),)}), tmp_path)
    assert report.photos[0].variations[0].restoration == f"skipped: {NOT_RESTORED}"
    assert report.photos[0].variations[0].output is not None


def test_dry_run_plans_and_writes_only_what_a_person_chooses_from(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0),)})
    report = run(world, tmp_path, dry_run=True)
    assert world.started == [("face", "facemesh"), ("res", "finish")]
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
