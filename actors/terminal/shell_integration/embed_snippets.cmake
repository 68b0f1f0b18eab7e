# Sets roost_snippets_cpp: the generated source that holds the snippets. Included by the folder whose
# target compiles it, because a custom command only serves targets of its own folder.
set(folder ${CMAKE_CURRENT_LIST_DIR})
set(files roost.bash bash-init.bash roost.zsh zsh/.zshenv roost.fish)
list(TRANSFORM files PREPEND ${folder}/ OUTPUT_VARIABLE inputs)
list(JOIN files "|" joined)
set(roost_snippets_cpp ${CMAKE_CURRENT_BINARY_DIR}/snippets.cpp)
add_custom_command(
  OUTPUT ${roost_snippets_cpp}
  COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} "-DFILES=${joined}" -DOUTPUT=${roost_snippets_cpp} -P
          ${folder}/embed.cmake
  DEPENDS ${inputs} ${folder}/embed.cmake
  VERBATIM)
