"""Running a step once and replaying its backend calls: recorder, tape, guards, replay."""
