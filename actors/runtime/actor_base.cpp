#include "actors/runtime/actor_base.hpp"

#include "actors/runtime/log.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/system_messages.hpp>

#include <exception>

namespace roost::runtime::detail {

namespace {

std::string reason_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) { // the thrown type is unknown: there is nothing more to say of it
    return "something that is not a std::exception";
  }
}

bool is_ordinary(const caf::error& reason) {
  return !reason || reason == caf::exit_reason::normal ||
         reason == caf::exit_reason::user_shutdown || reason == caf::exit_reason::kill;
}

log::logger logger_of(const caf::scheduled_actor& self) {
  return log::logger(log::context{fmt::format("{}#{}", self.name(), self.id()), 0, {}, {}});
}

} // namespace

// Nothing is captured: thousands of actors have these handlers, and hardly any ever needs its log.
void install_handlers(caf::scheduled_actor* self) {
  self->set_exception_handler([](caf::scheduled_actor* me, std::exception_ptr& thrown) {
    logger_of(*me).error("actor ended by an exception", log::kv("what", reason_of(thrown)));
    return to_caf({request_error::internal, {}});
  });
  self->set_error_handler([](caf::scheduled_actor* me, caf::error& why) {
    // An error message from another actor (a failed `delegate`, say) is that actor's answer, not an
    // order to die: CAF's default would end this actor with the other one's reason.
    logger_of(*me).warn("actor received an error that no request waits for",
                        log::kv("error", me->system().render(why)));
  });
  self->set_default_handler(
      [](caf::scheduled_actor* me, caf::message_view&) -> caf::result<caf::message> {
        logger_of(*me).warn("actor received a message that it does not know");
        return caf::sec::unexpected_message;
      });
  self->set_down_handler([](caf::scheduled_actor* me, caf::down_msg&) {
    logger_of(*me).debug("actor saw another one end, and has no use for it");
  });
  self->set_exit_handler([](caf::scheduled_actor* me, caf::exit_msg& x) {
    if (!is_ordinary(x.reason))
      logger_of(*me).info("actor was told to exit",
                          log::kv("reason", me->system().render(x.reason)));
    if (x.reason)
      me->quit(x.reason);
    else
      me->quit();
  });
}

} // namespace roost::runtime::detail
