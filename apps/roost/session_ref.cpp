#include "apps/roost/session_ref.hpp"

#include <algorithm>
#include <vector>

namespace roost::cli {

namespace {

constexpr std::size_t listed_max = 8; // candidates named in a message

using candidates = std::vector<const session_brief*>;

bool has_ended(const session_brief& x) { return x.state == "exited" || x.state == "lost"; }

command_failure ambiguous(std::string_view word, const candidates& found) {
  std::string list;
  for (std::size_t i = 0; i < found.size() && i < listed_max; ++i)
    list += (i == 0 ? "" : ", ") + found[i]->id + " \"" + found[i]->title + "\"";
  if (found.size() > listed_max)
    list += " and " + std::to_string(found.size() - listed_max) + " more";
  return usage_failure("several sessions fit", std::string(word), "say which: " + list);
}

template <class Fits>
candidates select(std::span<const session_brief> sessions, Fits&& fits) {
  candidates found;
  for (const auto& x : sessions)
    if (fits(x))
      found.push_back(&x);
  return found;
}

} // namespace

outcome<std::string> choose_session(std::span<const session_brief> sessions,
                                    std::string_view word) {
  if (word.empty())
    return usage_failure("the session's name is empty", {}, "`roost ls` lists the sessions");
  for (const auto& x : sessions)
    if (x.id == word)
      return x.id;
  const auto titled = select(sessions, [&](const auto& x) { return x.title == word; });
  if (titled.size() == 1)
    return titled.front()->id;
  candidates living;
  std::ranges::copy_if(titled, std::back_inserter(living),
                       [](const auto* x) { return !has_ended(*x); });
  if (living.size() == 1)
    return living.front()->id;
  if (!titled.empty())
    return ambiguous(word, titled);
  const auto begun = select(sessions, [&](const auto& x) { return x.id.starts_with(word); });
  if (begun.size() == 1)
    return begun.front()->id;
  if (!begun.empty())
    return ambiguous(word, begun);
  return command_failure{exit_status::no,
                         "there is no such session",
                         std::string(word),
                         "`roost ls` lists the sessions",
                         {}};
}

} // namespace roost::cli
