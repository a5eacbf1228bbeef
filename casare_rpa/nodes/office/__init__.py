"""Workbooks and Word documents, changed in their files: no Excel, no Word, any machine."""
