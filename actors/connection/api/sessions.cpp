// The resource /sessions: life and description.
#include "actors/connection/api/api.hpp"
#include "actors/connection/api/session_user.hpp"

#include <boost/json/serialize.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace roost::connection::api {

namespace {

bool has_ended(const session_info& info) {
  return info.state == session_state::exited || info.state == session_state::lost;
}

/// A directory that is not there answers nobody; CAF's word for that must not be read as "no such
/// session" where none was asked for.
failure about_directory(failure why) {
  if (why.is(terminal_error::no_such_session))
    return {request_error::internal, {}};
  return why;
}

} // namespace

void api_state::create(const exchange_ptr& x) {
  auto wanted = parse_create(x->request.body, config_.node);
  if (!wanted)
    return fail(x, wanted.error());
  auto user =
      session_user(x->request.who, wanted->run_as, config_.run_as.otherwise(config_.own_user));
  if (!user)
    return fail(x, user.error());
  wanted->run_as = std::move(*user);
  wanted->owner = x->request.who.label;
  wanted->correlation = x->request.correlation;
  runtime::ask(self_, config_.terminals(), config_.patience, std::move(*wanted))
      .then(
          [this, x](const session_info& info) {
            auto answer =
                json_response(201, boost::json::serialize(session_json(info, config_.node)));
            answer.headers.emplace_back("Location", "/api/v1/sessions/" + info.id.value);
            send(x, std::move(answer));
          },
          [x](const failure& why) { fail(x, about_directory(why)); });
}

void api_state::list(const exchange_ptr& x) {
  runtime::ask(self_, config_.terminals(), config_.lookup_patience, list_sessions{true})
      .then(
          [this, x](const session_list& all) {
            send_json(x, 200, session_list_json(all, config_.node, x->request.who));
          },
          [x](const failure& why) { fail(x, about_directory(why)); });
}

void api_state::describe(const exchange_ptr& x, const session_id& id) {
  // The terminal knows itself, and the directory what its processes take.
  runtime::ask(self_, config_.terminals(), config_.lookup_patience, find_session{id, true})
      .then(
          [this, x](const session_handle& found) {
            runtime::ask(self_, found.terminal, config_.patience, describe_session{})
                .then(
                    [this, x, usage = found.info.usage](session_info info) {
                      if (!has_ended(info))
                        info.usage = usage;
                      answer_session(x, 200, info);
                    },
                    [x](const failure& why) { fail(x, why); });
          },
          [x](const failure& why) { fail(x, why); });
}

void api_state::update(const exchange_ptr& x, const session_id& id) {
  auto wanted = parse_update(x->request.body);
  if (!wanted)
    return fail(x, wanted.error());
  relay<session_info>(x, id, std::move(*wanted), config_.patience,
                      [this, x](const session_info& info) { answer_session(x, 200, info); });
}

void api_state::remove(const exchange_ptr& x, const session_id& id) {
  const auto how = parse_delete_query(x->request);
  if (!how)
    return fail(x, how.error());
  with_session(x, id, [this, x, how = *how](const session_handle& found) {
    // The directory's picture may be a moment old; the terminal knows.
    runtime::ask(self_, found.terminal, config_.patience, describe_session{})
        .then(
            [this, x, how, found](const session_info& info) {
              if (has_ended(info))
                forget(x, info.id);
              else
                kill(x, found, how);
            },
            [x](const failure& why) { fail(x, why); });
  });
}

void api_state::kill(const exchange_ptr& x, const session_handle& found, kill_session how) {
  runtime::ask(self_, found.terminal, config_.patience, how)
      .then([this, x](const session_info& info) { answer_session(x, 202, info); },
            [this, x, found](const failure& why) {
              if (!why.is(terminal_error::session_ended))
                return fail(x, why);
              // It ended by itself just now, which is what was asked for. It is not forgotten: its
              // exit status has not been seen yet.
              runtime::ask(self_, found.terminal, config_.patience, describe_session{})
                  .then([this, x](const session_info& info) { answer_session(x, 202, info); },
                        [x](const failure& gone) { fail(x, gone); });
            });
}

void api_state::forget(const exchange_ptr& x, const session_id& id) {
  runtime::ask(self_, config_.terminals(), config_.patience, forget_session{id})
      .then([this, x](const session_info& info) { answer_session(x, 200, info); },
            [x](const failure& why) { fail(x, why); });
}

} // namespace roost::connection::api
