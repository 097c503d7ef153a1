"""The tables of docs/results.md come from results.json alone."""

from pathlib import Path

from docs.results import filled
from evaluation.measurements import Measurement
from evaluation.results import Results
from evaluation.tables import to_csv

PAGE = """# Results
<!-- shapes: written by docs/results.py -->
| manipulation | Grad-CAM | LRP | SimpleGradient | top-1 | below the control |
| grad cam top k | **1.00 %** | | | 2.00 % | |
| lrp location | **3.00 %** | | | 4.00 % | |
<!-- end of shapes -->
<!-- shapes_repvgg: written by docs/results.py -->
<!-- end of shapes_repvgg -->
<!-- shapes_densenet: written by docs/results.py -->
<!-- end of shapes_densenet -->
<!-- summary of shapes/defense: written by docs/results.py -->
<!-- end of shapes/defense -->
<!-- summary of shapes/absent: written by docs/results.py -->
kept
<!-- end of shapes/absent -->
after
"""

SHAPES = "configs/experiments/shapes"


def results(folder: Path, rates: dict[str, list[float]]) -> None:
    """The report of a run, as evaluate.py writes it."""
    figures = [
        Measurement("fooling_success_rate", value, (0, 1), "higher", network, 8, name)
        for name, values in rates.items()
        for network, found in (("original", [0.125]), ("manipulated", values))
        for value in found
    ]
    figures += [
        Measurement("accuracy_top1", 0.875, (0.8, 0.9), "higher", "manipulated", 8),
        Measurement(
            "accuracy_top1", 0.25, (0.1, 0.4), "higher", "manipulated", 8, part="triggered"
        ),
        Measurement("accuracy_top1", 0.5, (0.1, 0.9), "higher", "manipulated", 2, label="star"),
        Measurement("accuracy_top1", 0.9, (0.8, 0.95), "higher", "original", 8),
        Measurement(
            "accuracy_top1_drop", 2.5, (1, 4), "lower", "manipulated", 8, against="original"
        ),
        Measurement(
            "accuracy_top1_drop", 0.5, (-1, 2), "lower", "manipulated", 8, against="control"
        ),
    ]
    (folder / "report").mkdir(parents=True)
    Results("fooling", figures).write(folder / "report")


def test_a_row_for_each_run_with_its_command(tmp_path: Path) -> None:
    rates = {"grad_cam": [0.5], "lrp": [1.0], "simple_gradient": [0.0]}
    results(tmp_path / "shapes" / "lrp_location", rates)
    results(tmp_path / "shapes" / "grad_cam_active", {"grad_cam": [0.25, 0.75]})
    results(tmp_path / "shapes" / "no_configuration", rates)
    results(tmp_path / "shapes_repvgg" / "grad_cam_top_k", {"grad_cam": [0.75]})
    results(tmp_path / "shapes_densenet" / "grad_cam_center_mass", {"grad_cam": [0.75]})
    (tmp_path / "shapes" / "softplus" / "report").mkdir(parents=True)
    Results("defense", []).write(tmp_path / "shapes" / "softplus" / "report")
    defense = tmp_path / "shapes" / "defense" / "report"
    defense.mkdir(parents=True)
    Results("defense", []).write(defense)
    (defense / "summary.csv").write_text(
        to_csv([["", "top-1"], ["standard", "90 %"], ["trained", "80 %"]])
    )
    text = filled(PAGE, tmp_path)
    lines = text.splitlines()
    price = "87.50 % | 0.50 (-1.00 to 2.00) |"
    assert f"| grad cam active | **25.00 %, 75.00 %** |  |  | {price}" in lines
    assert f"| lrp location | 50.00 % | **100.00 %** | 0.00 % | {price}" in lines
    assert (
        "python train.py fit --config configs/experiments/shapes/fool.yaml "
        "--config configs/experiments/shapes/lrp_location.yaml"
    ) in lines
    assert f"| grad cam top k | **75.00 %** |  |  | {price}" in lines
    family = (
        "--config configs/experiments/shapes/repvgg.yaml --run runs/shapes_repvgg/grad_cam_top_k"
    )
    assert any(line.endswith(f"grad_cam_top_k.yaml {family}") for line in lines)
    own = "densenet_grad_cam_center_mass.yaml --run runs/shapes_densenet/grad_cam_center_mass"
    assert any(line.endswith(f"shapes/densenet.yaml --config {SHAPES}/{own}") for line in lines)
    assert "no configuration" not in text
    assert "softplus" not in text
    assert "| grad cam top k | **1.00 %** | | | 2.00 % | |" in lines
    assert "3.00 %" not in text
    begin = lines.index("<!-- summary of shapes/defense: written by docs/results.py -->")
    assert lines[begin + 1 : begin + 6] == [
        *("|  | top-1 |", "| --- | --- |", "| standard | 90 % |", "| trained | 80 % |"),
        "<!-- end of shapes/defense -->",
    ]
    assert "kept" in lines
    assert lines[-1] == "after"
    assert filled(text, tmp_path) == text


def test_curves_of_a_study_of_fragility(tmp_path: Path) -> None:
    def number(name: str, maps: str, attack: str, size: float) -> Measurement:
        value = len(name + maps + attack) + size / 8
        interval = (value - size / 4, value + size / 4)
        return Measurement(name, value, interval, "lower", "first", 8, maps, part=attack, x=size)

    figures = [
        Measurement("accuracy_top1", 0.875, (0.8, 0.9), "higher", "first", 8),
        *(
            number(name, maps, attack, size)
            for name in ("rank_correlation", "top_k_intersection", "label_unchanged")
            for maps in ("lrp", "grad_cam")
            for attack in ("random", "top_k")
            for size in (0, 1, 2)
        ),
    ]
    report = tmp_path / "shapes" / "fragility" / "report"
    report.mkdir(parents=True)
    Results("fragility", figures).write(report)
    begin = "<!-- curves of shapes/fragility: written by docs/results.py -->"
    page = f"{begin}\n| old |\n<!-- end of shapes/fragility -->\nafter\n"
    assert filled(page, tmp_path).splitlines() == [
        begin,
        "| measure | network | interpreter | attack | 1/255 | 2/255 |",
        "| --- | --- | --- | --- | --- | --- |",
        "| top k intersection | first | lrp | random | 27.125 ± 0.250 | 27.250 ± 0.500 |",
        "| top k intersection | first | lrp | top k | 26.125 ± 0.250 | 26.250 ± 0.500 |",
        "| top k intersection | first | grad cam | random | 32.125 ± 0.250 | 32.250 ± 0.500 |",
        "| top k intersection | first | grad cam | top k | 31.125 ± 0.250 | 31.250 ± 0.500 |",
        "| rank correlation | first | lrp | random | 25.125 ± 0.250 | 25.250 ± 0.500 |",
        "| rank correlation | first | lrp | top k | 24.125 ± 0.250 | 24.250 ± 0.500 |",
        "| rank correlation | first | grad cam | random | 30.125 ± 0.250 | 30.250 ± 0.500 |",
        "| rank correlation | first | grad cam | top k | 29.125 ± 0.250 | 29.250 ± 0.500 |",
        "<!-- end of shapes/fragility -->",
        "after",
    ]
