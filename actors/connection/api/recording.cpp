// The resource /sessions/{id}/recording: what was recorded of a session, as one document.
#include "actors/connection/api/api.hpp"
#include "actors/connection/api/recording_export.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>

namespace roost::connection::api {

namespace {

// What is given to the connection at a time: half of what it takes before it takes a client for
// dead.
constexpr std::size_t most_written = std::size_t{128} << 10;

} // namespace

/// A document on its way to a client. Its pieces are made one at a time, each when the client has
/// taken the one before.
struct recording_job {
  recording_job(exchange_ptr asked, recording_export what)
      : x(std::move(asked)), source(std::move(what)) {}

  exchange_ptr x;
  recording_export source;               ///< used by the store's thread while a piece is being made
  store_scope scope = store_scope::node; ///< where it was found
  std::uint64_t key = next_key();        ///< of the questions for it
  std::optional<event_stream> to;
  std::string piece;
  std::size_t written = 0; ///< bytes of the piece
  result<std::optional<std::string>> made = std::optional<std::string>{};

private:
  static std::uint64_t next_key() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }
};

void api_state::recording(const exchange_ptr& x, const session_id& id) {
  const auto wanted = parse_recording_query(x->request);
  if (!wanted)
    return fail(x, wanted.error());
  make_piece(std::make_shared<recording_job>(x, recording_export(id.value, *wanted)));
}

void api_state::make_piece(const std::shared_ptr<recording_job>& job) {
  const auto give_up = [job](const failure& why) {
    if (job->to)
      job->to->abort(); // so that nobody takes it for the whole
    else
      fail(job->x, why);
  };
  ask_store(
      job->scope, config_.patience,
      [job](database::store& in) { job->made = job->source.next(in); },
      [this, job, give_up] {
        // Sessions of other nodes are where all of them are.
        if (!job->made && job->made.error().is(terminal_error::no_such_session) &&
            job->scope == store_scope::node && config_.pools) {
          job->scope = store_scope::all;
          return make_piece(job);
        }
        if (!job->made)
          return give_up(job->made.error());
        auto& piece = *job->made;
        if (!job->to) {
          http_response head;
          const auto format = job->source.format();
          const auto* const suffix = format == recording_format::text ? ".txt" : ".cast";
          head.headers = {{"Content-Type", std::string(media_type_of(format))},
                          {"Content-Disposition",
                           "attachment; filename=\"" + job->source.session() + suffix + "\""},
                          {"Cache-Control", "no-store"}};
          job->to =
              job->x->answer.start_stream(std::move(head), [pools = config_.pools, key = job->key] {
                // Nobody wants the piece that may be on its way.
                if (const auto to = pools ? pools() : pools_actor{})
                  caf::anon_send(to, cancel_shared{key});
              });
          if (!job->to)
            return fail(job->x, request_error::internal);
        }
        if (!piece)
          return job->to->close();
        job->piece = std::move(*piece);
        job->written = 0;
        send_piece(job);
      },
      give_up, job->key);
}

void api_state::send_piece(const std::shared_ptr<recording_job>& job) {
  if (job->written >= job->piece.size())
    return make_piece(job);
  auto part = job->piece.substr(job->written, most_written);
  job->written += part.size();
  if (!job->to->write(std::move(part)))
    return; // the client is gone
  job->to->when_empty([weak = caf::actor_cast<caf::weak_actor_ptr>(self_), job] {
    if (auto strong = caf::actor_cast<api_actor>(weak))
      caf::anon_send(strong, go_on_recording{job});
  });
}

} // namespace roost::connection::api
