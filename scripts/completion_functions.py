"""The functions in the completion scripts of bash, zsh and fish that look for ids and files."""

from __future__ import annotations

from collections.abc import Iterable

_CALL = "casare-rpa __complete"
#: The words of the command line, each as one.
_LINE = {"bash": '"${COMP_WORDS[@]}"', "zsh": '"${words[@]}"', "fish": "(commandline -opc)"}
#: bash makes several words of `@FILE`, `--option=VALUE`, `name=value` and `http://host:8000`, which
#: would count as several values. The value of an option stays a word of its own.
WITH_WHOLE_WORDS = """\
  local glue="" word
  local -a words=("${COMP_WORDS[0]}")
  local -i last=0
  for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [[ "$word" == = && "${words[last]}" == --* ]]; then
      words[++last]="" glue=1
      continue
    fi
    if [[ "$glue" || "$word" == [=:] ]]; then words[last]+="$word"; else words[++last]="$word"; fi
    [[ "$word" == [=:@] ]] && glue=1 || glue=""
  done
  local -a COMP_WORDS=("${words[@]}")
  local COMP_CWORD=$((${#words[@]} - 1))
  [[ "${COMP_WORDS[COMP_CWORD]}" == @* ]] && compopt -o nospace  # behind a folder goes a file
"""
_AT_IN_BASH = """\
_casare_rpa_inputs() {
  local name
  [[ "$1" == @* ]] && compgen -f -- "${1#@}" | while IFS= read -r name; do
    [[ -d "$name" ]] && name="$name/"
    printf '@%q\\n' "$name"
  done
}"""
_AT_IN_FISH = (
    "function _casare_rpa_inputs; set -l word (commandline -ct);"
    " string match -q -- '@*' $word; or return;"
    " printf '@%s\\n' (__fish_complete_path (string sub -s 2 -- $word)); end"
)


def functions(shell: str, kinds: Iterable[str]) -> str:
    """What offers ids of the *kinds*, files, or both."""
    if shell == "powershell":
        return ""
    lines = [_ids(shell, kind) for kind in kinds]
    # What has `_file` or `_dir` in its name may offer names that want quotes in bash.
    if shell == "bash":
        lines += [
            '_casare_rpa_files() { compgen -f -- "$1"; }',
            _AT_IN_BASH,
            '_casare_rpa_dirs() { compgen -d -- "$1"; }',
            '_casare_rpa_workflows_or_files() { _casare_rpa_workflows "$1"; compgen -f -- "$1"; }',
        ]
    elif shell == "zsh":
        lines += [
            "_casare_rpa_inputs() { compset -P @ && _files; }",
            "_casare_rpa_workflows_or_files() { _casare_rpa_workflows; _files; }",
        ]
    else:
        lines.append(_AT_IN_FISH)
    return "\n".join(lines)


def _ids(shell: str, kind: str) -> str:
    """The shell function that offers ids; for a word that begins an option it asks nobody."""
    name = f"_casare_rpa_{kind}"
    # Which job's nodes are meant stands in the command line.
    line = f' "" {_LINE[shell]}' if kind == "begun" else ""
    if shell == "bash":
        return f'{name}() {{ compgen -W "$({_CALL} {kind}{line} 2>/dev/null)" -- "$1"; }}'
    if shell == "zsh":
        guard = '[[ "$PREFIX" == -* ]] && return 1;'
        ids = f'local -a ids; ids=(${{(f)"$({_CALL} {kind}{line} 2>/dev/null)"}}); compadd -a ids;'
        return f"{name}() {{ {guard} {ids} }}"
    guard = "string match -q -- '-*' (commandline -ct); and return;"
    # Behind a tab stands what is said of an id: nothing, else the argument's help stands there.
    ids = f"for id in ({_CALL} {kind}{line} 2>/dev/null); printf '%s\\t\\n' $id; end"
    return f"function {name}; {guard} {ids}; end"
