#include "protocols/failures.hpp"

#include <caf/atom.hpp>
#include <caf/exit_reason.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>

namespace roost {

namespace {

caf::atom_value category(error_domain domain) {
  switch (domain) {
  case error_domain::terminal:
    return caf::atom("terminal");
  case error_domain::request:
    return caf::atom("request");
  case error_domain::setup:
    return caf::atom("setup");
  case error_domain::supervision:
    return caf::atom("supervis");
  case error_domain::channel:
    return caf::atom("channel");
  }
  return caf::atom("request");
}

} // namespace

caf::error to_caf(const failure& why) {
  return {why.code, category(why.domain), caf::make_message(why.detail)};
}

failure from_caf(const caf::error& why) {
  for (const auto domain : {error_domain::terminal, error_domain::request, error_domain::setup,
                            error_domain::supervision, error_domain::channel}) {
    if (why.category() != category(domain))
      continue;
    failure result;
    result.domain = domain;
    result.code = why.code();
    if (why.context().match_elements<std::string>())
      result.detail = why.context().get_as<std::string>(0);
    return result;
  }
  if (why == caf::sec::request_timeout)
    return {request_error::deadline_exceeded, {}};
  if (why == caf::sec::request_receiver_down || why.category() == caf::atom("exit"))
    return {terminal_error::no_such_session, {}};
  return {request_error::internal, {}};
}

} // namespace roost
