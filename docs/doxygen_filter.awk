# Hands hcnn's docstrings to Doxygen, which would take plain text for markup: lines indented by three spaces are formulas
# or code and stay as they are; elsewhere '<' and '@' are characters, but for @param and @tparam. No line moves.

# Text outside `code`, with what Doxygen would take for a command escaped.
function escaped(text,    pieces, count, i, out) {
  count = split(text, pieces, "`")
  for (i = 1; i <= count; ++i) {
    if (i % 2 == 1) {
      gsub(/</, "\\&lt;", pieces[i])
      gsub(/@/, "\\&#64;", pieces[i])
      gsub(/&#64;param /, "@param ", pieces[i])
      gsub(/&#64;tparam /, "@tparam ", pieces[i])
    }
    out = out (i > 1 ? "`" : "") pieces[i]
  }
  return out
}

{
  line = $0
  # What the compiler writes needs no docstring; and Doxygen takes an override for one only without default types.
  if (line ~ /= default;$/) line = ""
  sub(/class T = float/, "class T", line)
  sub(/class M = float/, "class M", line)
  preformatted = line ~ /^ *\/\/\/   +[^ ]/
  if (preformatted && !inside) sub(/\/\/\//, "/// @verbatim", line)
  if (!preformatted && match(line, /\/\/\/<?/)) {
    end = RSTART + RLENGTH
    line = substr(line, 1, end - 1) escaped(substr(line, end))
  }
  if (NR > 1) print before (inside && !preformatted ? " @endverbatim" : "")
  before = line
  inside = preformatted
}
END { print before (inside ? " @endverbatim" : "") }
