"""What `tapehouse doctor` asks: one function a fact, of this machine or of a deployment, each with its mend."""

from cli.facts.deployment import DEPLOYMENT
from cli.facts.finding import Asked, Fact, Finding, examine
from cli.facts.here import HERE

__all__ = ["DEPLOYMENT", "HERE", "Asked", "Fact", "Finding", "examine"]
