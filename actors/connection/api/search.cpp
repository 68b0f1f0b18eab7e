// The resource /search: what sessions printed.
#include "actors/connection/api/api.hpp"
#include "actors/connection/api/render_search.hpp"
#include "actors/database/store/store.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <optional>
#include <utility>

namespace roost::connection::api {

namespace {

/// The hits of a page, and each session that occurs in it once.
database::store_result<search_found> look_up(database::store& in,
                                             const database::text_query& wanted) {
  auto hits = in.search(wanted);
  if (!hits)
    return hits.error();
  search_found out;
  out.hits = std::move(*hits);
  for (const auto& hit : out.hits.rows) {
    if (out.sessions.contains(hit.session))
      continue;
    auto session = in.session(hit.session);
    if (!session)
      return session.error();
    if (*session)
      out.sessions.emplace(hit.session, std::move(**session));
  }
  return out;
}

} // namespace

void api_state::search(const exchange_ptr& x) {
  auto wanted = parse_search(x->request);
  if (!wanted)
    return fail(x, wanted.error());
  answer_from_store(
      x, wanted->scope,
      [what = std::move(wanted->what)](database::store& in) { return look_up(in, what); },
      search_json);
}

} // namespace roost::connection::api
