#include "apps/roost/program.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

#include <boost/json/serialize.hpp>

#include "apps/roost/session_state.hpp"

namespace roost::cli {

program::program(const invocation& call, environment env)
    : call_(call), env_(std::move(env)), wants_json_(call.has("json")) {}

outcome<api> program::server() const {
  ROOST_TRY(auto address, choose_server(call_.value("server"), env_));
  std::string token = address.token;
  if (token.empty())
    token = env_("ROOST_TOKEN").value_or("");
  if (const auto given = call_.value("token"))
    token = *given;
  for (const char c : token)
    if (c <= 0x20 || c >= 0x7F)
      return usage_failure("the token has characters that no token has", {},
                           "copy it whole, without spaces or line ends");
  return api(std::move(address), std::move(token));
}

colour program::colours() const {
  const bool is_wanted = !call_.has("no-color") && env_("NO_COLOR").value_or("").empty() &&
                         env_("TERM").value_or("") != "dumb" && ::isatty(STDOUT_FILENO) != 0;
  return is_wanted ? colour::on : colour::off;
}

std::size_t program::width() const {
  winsize window{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 ? window.ws_col : 0;
}

outcome<> program::print(std::string_view text) const {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
    return {};
  return command_failure{
      exit_status::no, "standard output cannot be written", "", std::strerror(errno), {}};
}

outcome<> program::print_json(const boost::json::object& value) const {
  return print(boost::json::serialize(value) + "\n");
}

outcome<std::int64_t> read_number(std::string_view text, std::string_view what, std::int64_t least,
                                  std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < least || number > most)
    return usage_failure(std::string(what) + " is not a whole number from " +
                             std::to_string(least) + " to " + std::to_string(most),
                         std::string(text));
  return number;
}

outcome<std::chrono::milliseconds> read_seconds(std::string_view text, std::string_view what) {
  constexpr double most = 30.0 * 24 * 3600;
  double seconds = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || !(seconds >= 0) || seconds > most)
    return usage_failure(std::string(what) + " is not a number of seconds", std::string(text));
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

std::string age_text(std::string_view rfc3339) {
  const auto then = utc_second(rfc3339);
  if (!then)
    return {};
  const auto passed = std::chrono::system_clock::now() - *then;
  const auto seconds =
      std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(passed).count());
  if (seconds < 120)
    return std::to_string(seconds) + " s";
  if (seconds < 120 * 60)
    return std::to_string(seconds / 60) + " min";
  if (seconds < 48 * 3600)
    return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86400) + " d";
}

} // namespace roost::cli
