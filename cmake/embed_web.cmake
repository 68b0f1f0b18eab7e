# Writes OUTPUT, a C++ file that puts the files of DIST into the program by the assembler's .incbin
# (compiling megabytes of array literals takes minutes). Run at build time:
#   cmake -DDIST=… -DWORK=… -DOUTPUT=… -P embed_web.cmake
# OUTPUT changes only when the files do. Text is also packed, at build time instead of per request.
cmake_minimum_required(VERSION 3.25)
set(files)
if(EXISTS ${DIST}/index.html)
  file(GLOB_RECURSE files RELATIVE ${DIST} ${DIST}/*)
  list(FILTER files EXCLUDE REGEX "\\.map$|(^|/)\\.")
  list(SORT files)
endif()

set(type_html "text/html; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_mjs "text/javascript; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_json "application/json")
set(type_webmanifest "application/manifest+json")
set(type_svg "image/svg+xml")
set(type_txt "text/plain; charset=utf-8")
set(type_wasm "application/wasm")
set(type_png "image/png")
set(type_ico "image/x-icon")
set(type_webp "image/webp")
set(type_woff2 "font/woff2")
set(packed_types html js mjs css json webmanifest svg txt wasm)

file(MAKE_DIRECTORY ${WORK})
set(blobs "")
set(symbols "")
set(rows "")
set(count 0)

# Appends one file as symbols roost_web_N … roost_web_N_end.
function(add_blob file)
  set(blobs "${blobs}asm(\".section .rodata\\n.balign 16\\nroost_web_${count}:\\n.incbin \\\"${file}\\\"\\nroost_web_${count}_end:\\n.byte 0\\n.previous\\n\");\n" PARENT_SCOPE)
  set(symbols "${symbols}extern \"C\" const char roost_web_${count}[];\nextern \"C\" const char roost_web_${count}_end[];\n" PARENT_SCOPE)
  set(blob "view(roost_web_${count}, roost_web_${count}_end)" PARENT_SCOPE)
  math(EXPR next "${count} + 1")
  set(count ${next} PARENT_SCOPE)
endfunction()

foreach(name IN LISTS files)
  string(REGEX MATCH "[^.]+$" suffix "${name}")
  string(TOLOWER "${suffix}" suffix)
  if(DEFINED type_${suffix})
    set(type "${type_${suffix}}")
  else()
    set(type "application/octet-stream")
  endif()
  file(SHA256 ${DIST}/${name} digest)
  string(SUBSTRING ${digest} 0 32 digest)
  # Under its digest, so that a compiler run never sees a file that changes meanwhile.
  set(copy ${WORK}/${digest}.${suffix})
  if(NOT EXISTS ${copy})
    file(COPY_FILE ${DIST}/${name} ${copy})
  endif()
  add_blob(${copy})
  set(plain "${blob}")
  set(packed "{}")
  if(suffix IN_LIST packed_types)
    if(NOT EXISTS ${copy}.gz)
      execute_process(COMMAND gzip -9nc ${copy} OUTPUT_FILE ${copy}.gz.new COMMAND_ERROR_IS_FATAL ANY)
      file(RENAME ${copy}.gz.new ${copy}.gz)
    endif()
    file(SIZE ${copy} plain_size)
    file(SIZE ${copy}.gz packed_size)
    if(packed_size LESS plain_size)
      add_blob(${copy}.gz)
      set(packed "${blob}")
    endif()
  endif()
  string(APPEND rows "      {\"/${name}\", \"${type}\", \"${digest}\",\n       ${plain}, ${packed}},\n")
endforeach()

set(text "// Made by cmake/embed_web.cmake from the built web UI; not kept under version control.
#include \"actors/connection/static_assets.hpp\"

#include <cstddef>
#include <string_view>
#include <vector>

${blobs}
${symbols}
namespace roost::connection {

namespace {

[[maybe_unused]] std::string_view view(const char* first, const char* last) {
  return {first, static_cast<std::size_t>(last - first)};
}

} // namespace

std::span<const asset> embedded_assets() {
  static const std::vector<asset> files = {
${rows}  };
  return files;
}

} // namespace roost::connection
")
set(before "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} before)
endif()
if(NOT before STREQUAL text)
  file(WRITE ${OUTPUT} "${text}")
endif()
