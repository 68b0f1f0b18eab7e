#include "actors/terminal/query_reply.hpp"

#include <algorithm>
#include <array>

namespace roost::terminal {
namespace {

constexpr char escape = '\x1b';

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Digits, `;` and `:` only: the parameters of a report.
bool is_numeric(std::string_view parameters) {
  return std::ranges::all_of(parameters,
                             [](char c) { return is_digit(c) || c == ';' || c == ':'; });
}

bool has_semicolon(std::string_view parameters) {
  return parameters.find(';') != std::string_view::npos;
}

bool starts_with_number(std::string_view parameters, std::string_view number) {
  return parameters.starts_with(number) &&
         (parameters.size() == number.size() || parameters[number.size()] == ';');
}

/// `CSI 1;m R` with m in 2..8: F3 with a modifier in xterm's encoding.
bool is_modified_f3(std::string_view parameters) {
  return parameters.size() == 3 && parameters.starts_with("1;") && parameters[2] >= '2' &&
         parameters[2] <= '8';
}

bool is_window_report(std::string_view parameters) {
  constexpr std::array<std::string_view, 8> kinds = {"1", "2", "3", "4", "6", "8", "9", "48"};
  return std::ranges::any_of(
      kinds, [&](std::string_view kind) { return starts_with_number(parameters, kind); });
}

/// One control sequence without its introducer: private prefix, parameters, intermediates, final.
struct control_sequence {
  char prefix = 0;
  std::string_view parameters;
  std::string_view intermediates;
  char final = 0;
};

bool is_report(const control_sequence& seq) {
  if (!is_numeric(seq.parameters))
    return false;
  if (seq.intermediates == "$")
    return seq.final == 'y' && !seq.parameters.empty() && (seq.prefix == 0 || seq.prefix == '?');
  if (!seq.intermediates.empty())
    return false;
  switch (seq.final) {
  case 'c': // DA1, DA2; a bare `CSI c` is a query, not an answer
    return seq.prefix == '?' || seq.prefix == '>';
  case 'n':
    return !seq.parameters.empty() && (seq.prefix == 0 || seq.prefix == '?');
  case 'R':
    if (seq.prefix == '?')
      return has_semicolon(seq.parameters);
    return seq.prefix == 0 && has_semicolon(seq.parameters) && !is_modified_f3(seq.parameters);
  case 'u': // with a prefix it is the flags, without one a key
    return seq.prefix == '?';
  case 'm': // a mouse release in SGR form has the prefix `<`
    return seq.prefix == '>';
  case 't':
    return seq.prefix == 0 && is_window_report(seq.parameters);
  case 'x':
    return seq.prefix == 0 &&
           (starts_with_number(seq.parameters, "2") || starts_with_number(seq.parameters, "3"));
  case 'I':
  case 'O':
    return seq.prefix == 0 && seq.parameters.empty();
  default:
    return false;
  }
}

/// Reads a CSI after its `ESC [`. Returns the bytes it took, 0 if it is not a report.
std::size_t take_csi(std::string_view text) {
  control_sequence seq;
  std::size_t at = 0;
  if (at < text.size() && text[at] >= '<' && text[at] <= '?')
    seq.prefix = text[at++];
  const auto parameters = at;
  while (at < text.size() && text[at] >= '0' && text[at] <= '?')
    ++at;
  seq.parameters = text.substr(parameters, at - parameters);
  const auto intermediates = at;
  while (at < text.size() && text[at] >= ' ' && text[at] <= '/')
    ++at;
  seq.intermediates = text.substr(intermediates, at - intermediates);
  if (at == text.size() || text[at] < '@' || text[at] > '~')
    return 0;
  seq.final = text[at++];
  return is_report(seq) ? at : 0;
}

bool is_device_control_report(std::string_view body) {
  const auto digits = body.find_first_not_of("0123456789");
  if (digits == std::string_view::npos)
    return false;
  const auto number = body.substr(0, digits);
  const auto rest = body.substr(digits);
  const bool is_answer = number == "0" || number == "1";
  return (is_answer && (rest.starts_with("$r") || rest.starts_with("+r"))) ||
         (number.empty() && (rest.starts_with(">|") || rest.starts_with("!|"))) ||
         (!number.empty() && (rest.starts_with("!~") || rest.starts_with("$u")));
}

bool is_system_report(std::string_view body) {
  if (body.starts_with('l') || body.starts_with('L'))
    return true;
  constexpr std::array<std::string_view, 13> kinds = {"4",  "5",  "10", "11", "12", "13", "14",
                                                      "15", "16", "17", "18", "19", "52"};
  return std::ranges::any_of(kinds, [&](std::string_view kind) {
    return body.size() > kind.size() && body.starts_with(kind) && body[kind.size()] == ';';
  });
}

/// Reads a DCS, OSC or APC after its introducer, up to ST (or BEL for an OSC). Returns the bytes it
/// took, 0 if it is not a report or does not end.
std::size_t take_string(char kind, std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool is_bell = kind == ']' && text[at] == '\a';
    const bool is_st = text[at] == escape && at + 1 < text.size() && text[at + 1] == '\\';
    if (!is_bell && !is_st) {
      if (text[at] == escape)
        return 0; // cut off by another sequence
      continue;
    }
    const auto body = text.substr(0, at);
    const bool is_known = kind == 'P'   ? is_device_control_report(body)
                          : kind == ']' ? is_system_report(body)
                                        : body.starts_with('G');
    return is_known ? at + (is_bell ? 1 : 2) : 0;
  }
  return 0;
}

} // namespace

input_origin origin_of(std::string_view input) {
  if (input.empty())
    return input_origin::person;
  while (!input.empty()) {
    if (input.size() < 3 || input[0] != escape)
      return input_origin::person;
    const char kind = input[1];
    const auto rest = input.substr(2);
    std::size_t taken = 0;
    if (kind == '[')
      taken = take_csi(rest);
    else if (kind == 'P' || kind == ']' || kind == '_')
      taken = take_string(kind, rest);
    if (taken == 0)
      return input_origin::person;
    input = rest.substr(taken);
  }
  return input_origin::terminal;
}

} // namespace roost::terminal
