# Writes OUTPUT: a C++ file that holds the migrations of FOLDER/postgresql and FOLDER/sqlite, in order.
set(rows "")
foreach(kind postgresql sqlite)
  file(GLOB files RELATIVE ${FOLDER}/${kind} ${FOLDER}/${kind}/*.sql)
  list(SORT files)
  set(entries "")
  set(count 0)
  foreach(file IN LISTS files)
    file(READ ${FOLDER}/${kind}/${file} text)
    # A raw string cannot hold its own delimiter.
    string(FIND "${text}" ")roost\"" clash)
    if(NOT clash EQUAL -1)
      message(FATAL_ERROR "${file} holds the raw string's delimiter")
    endif()
    string(APPEND entries "    {\"${file}\", R\"roost(${text})roost\"},\n")
    math(EXPR count "${count} + 1")
  endforeach()
  string(APPEND rows "std::span<const migration_file> ${kind}_migrations() {
  static constexpr std::array<migration_file, ${count}> all = {{
${entries}  }};
  return all;
}

")
endforeach()
file(WRITE ${OUTPUT} "// Made by the build from actors/database/migrations; do not edit.
#include \"actors/database/migration.hpp\"

#include <array>

namespace roost::database {

${rows}} // namespace roost::database
")
