"""The command `minitorch`: what it offers, option by option, without what it takes to do it."""

from mt_course.cli.main import main as main
