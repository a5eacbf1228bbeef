"""Profiles: an orchestrator's address, key and preferences under one name.

A profile is a table of the settings file, [profiles.NAME]. `casare-rpa login --profile NAME --url
URL` makes one, `casare-rpa config set SETTING VALUE --profile NAME` changes it. It counts with
--profile NAME, CASARE_PROFILE=NAME, or after `casare-rpa profiles use NAME`.

Examples:
    casare-rpa login --profile production --url https://rpa.example.org
    casare-rpa profiles use production
"""
