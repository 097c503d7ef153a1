"""The findings of a transfer study, in words, as a table, and drawn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evaluation.findings import Findings, Picture, Stored
from evaluation.plots.heat_table import heat_table
from evaluation.transfer.pictures import changed_images
from lightning_modules.names import humanize


@dataclass(frozen=True)
class TransferFindings(Findings):
    """Success rates of attacks on each source, on every network, and some attacked images.

    `changes` has what each attack on the first source adds to the images.
    """

    study = "transfer"
    networks: tuple[str, ...]
    sources: tuple[str, ...]
    attacks: tuple[str, ...]
    images: Stored
    changes: Mapping[str, Stored]

    def rates(self, source: str) -> list[list[float]]:
        """Return the success rates of the attacks on a source, a row for each attack."""
        return [
            [
                self.results.find(
                    "attack_success_rate", network=target, part=attack, against=source
                ).value
                for target in self.networks
            ]
            for attack in self.attacks
        ]

    def sentences(self) -> list[str]:
        """Return the attack on each source that succeeds best on other networks."""
        said = []
        for source in self.sources:
            others = [number for number, name in enumerate(self.networks) if name != source]
            if not others:
                continue
            means = [
                sum(row[number] for number in others) / len(others) for row in self.rates(source)
            ]
            best = max(range(len(means)), key=means.__getitem__)
            said.append(
                f"Of the attacks on {humanize(source)}, {humanize(self.attacks[best])} transfers "
                f"best: other networks misclassify {100 * means[best]:.1f} % of its images on "
                "average."
            )
        return said

    def summary(self) -> list[list[str]]:
        """Return a row for each source and attack, a column for each network."""
        rows = [["misclassified by", *map(humanize, self.networks)]]
        for source in self.sources:
            for attack, rates in zip(self.attacks, self.rates(source), strict=True):
                title = f"{humanize(attack)} on {humanize(source)}"
                rows.append([title, *(f"{100 * rate:.2f} %" for rate in rates)])
        return rows

    def pictures(self) -> Iterator[Picture]:
        """Draw the success rates of each source as colours, and some attacked images."""
        for source in self.sources:
            axes_names = (f"attack on {humanize(source)}", "misclassified by")
            table = heat_table(
                self.rates(source), self.attacks, self.networks, axes_names=axes_names
            )
            yield Picture((source, "success_rates"), table)
        yield Picture(("images",), changed_images(self.images, self.changes))
