from __future__ import annotations

import os

from agent.job.environment import job_environment, only


def test_a_job_sees_none_of_the_agents_settings_and_keys() -> None:
    seen = job_environment(
        {
            "PATH": "/bin",
            "LC_ALL": "C.UTF-8",
            "GOOGLE_APPLICATION_CREDENTIALS": "/srv/key.json",
            "GOOGLE_ACCESS_TOKEN": "secret",
            "CASARE_API_KEY": "robot_secret",
            "ROBOT_API_KEY": "robot_secret",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "CREDENTIALS_DIRECTORY": "/run/credentials",
        }
    )
    assert seen == {
        "PATH": "/bin",
        "LC_ALL": "C.UTF-8",
        "GOOGLE_APPLICATION_CREDENTIALS": "/srv/key.json",
    }


def test_the_environment_comes_back_after_the_block() -> None:
    before = dict(os.environ)
    with only({"PATH": "/bin"}):
        assert dict(os.environ) == {"PATH": "/bin"}
    assert dict(os.environ) == before
