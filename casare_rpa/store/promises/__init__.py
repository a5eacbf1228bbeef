"""What every store promises, one file for each noun; `casare_rpa.store.base.Store` is all of them.

tests/contract/ holds each back end to them. Rule numbers (P1, P2, ...) are those of the job
protocol in the documentation.
"""
