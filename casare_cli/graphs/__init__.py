"""The graph of a workflow: what leads where, laid out in layers, as text, Mermaid and SVG."""
