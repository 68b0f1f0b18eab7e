# Writes OUTPUT: a C++ file that holds the text of FILES (paths relative to FOLDER, separated by |).
# The snippets are small; compilers must accept string literals of 64 KiB.
string(REPLACE "|" ";" files "${FILES}")
set(rows "")
foreach(file IN LISTS files)
  file(READ ${FOLDER}/${file} text)
  # A raw string cannot hold a `)roost"`; no snippet may.
  string(FIND "${text}" ")roost\"" clash)
  if(NOT clash EQUAL -1)
    message(FATAL_ERROR "${file} holds the raw string's delimiter")
  endif()
  string(APPEND rows "    {\"${file}\", R\"roost(${text})roost\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made by the build from actors/terminal/shell_integration; do not edit.
#include \"actors/terminal/shell_integration/snippets.hpp\"

namespace roost::terminal {

std::span<const snippet> snippets() {
  static constexpr snippet all[] = {
${rows}  };
  return all;
}

} // namespace roost::terminal
")
