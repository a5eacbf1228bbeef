"""From a workflow to a plan: classes, parameters, wires, pairs."""
