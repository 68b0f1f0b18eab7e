// What a message means in each contestant's protocol.
#include "tests/bench/client/web_link.hpp"

#include <cstdlib>
#include <stdexcept>

namespace roost::bench {

namespace {

/// The relay and the node peer: a message is output, what is sent is typed.
class plain_link final : public web_link {
public:
  explicit plain_link(const target& to) : web_link{to, "/", ""} {}

  void send(std::string_view input) override { send_message(input, true); }

protected:
  void on_data(std::string_view part, bool, bool, bool, const sink& out) override { out(part); }
};

/// terminado: JSON arrays `["stdout", text]` and `["stdin", text]`.
class terminado_link final : public web_link {
public:
  terminado_link(const target& to, const std::string& name)
      : web_link{to, name.empty() ? "/" : "/named/" + name, ""} {}

  void send(std::string_view input) override {
    std::string escaped;
    for (const char c : input) {
      if (static_cast<unsigned char>(c) < 0x20) {
        constexpr std::string_view hex = "0123456789abcdef";
        escaped.append("\\u00").append(1, hex[static_cast<unsigned char>(c) >> 4]);
        escaped.append(1, hex[c & 15]);
      } else {
        escaped += c;
      }
    }
    send_message("[\"stdin\", \"" + escaped + "\"]", false);
  }

protected:
  void on_data(std::string_view part, bool, bool first, bool last, const sink& out) override {
    if (first)
      message_.clear();
    message_.append(part);
    constexpr std::string_view prefix = "[\"stdout\", \"";
    if (last && message_.starts_with(prefix))
      out(unescape(
          std::string_view{message_}.substr(prefix.size(), message_.size() - prefix.size() - 2)));
  }

private:
  const std::string& unescape(std::string_view text) {
    plain_.clear();
    std::uint32_t high = 0;
    while (!text.empty()) {
      const auto slash = text.find('\\');
      plain_.append(text.substr(0, slash));
      if (slash == text.npos || slash + 1 >= text.size())
        break;
      const char c = text[slash + 1];
      std::size_t used = slash + 2;
      if (c == 'u' && text.size() >= slash + 6) {
        auto code = static_cast<std::uint32_t>(
            std::strtoul(std::string{text.substr(slash + 2, 4)}.c_str(), nullptr, 16));
        used = slash + 6;
        if (code >= 0xd800 && code < 0xdc00)
          high = code;
        else
          put(code >= 0xdc00 && code < 0xe000 ? 0x10000 + ((high - 0xd800) << 10) + (code - 0xdc00)
                                              : code);
      } else {
        plain_ += c == 'n'   ? '\n'
                  : c == 'r' ? '\r'
                  : c == 't' ? '\t'
                  : c == 'b' ? '\b'
                  : c == 'f' ? '\f'
                             : c;
      }
      text.remove_prefix(used);
    }
    return plain_;
  }

  void put(std::uint32_t code) {
    if (code < 0x80) {
      plain_ += static_cast<char>(code);
      return;
    }
    if (code < 0x800) {
      plain_ += static_cast<char>(0xc0 | code >> 6);
    } else {
      if (code < 0x10000) {
        plain_ += static_cast<char>(0xe0 | code >> 12);
      } else {
        plain_ += static_cast<char>(0xf0 | code >> 18);
        plain_ += static_cast<char>(0x80 | (code >> 12 & 63));
      }
      plain_ += static_cast<char>(0x80 | (code >> 6 & 63));
    }
    plain_ += static_cast<char>(0x80 | (code & 63));
  }

  std::string message_;
  std::string plain_;
};

/// `roost.v1` with one stream per socket, so that a viewer costs what it costs elsewhere.
class roost_link final : public web_link {
public:
  roost_link(const target& to, const std::string& name)
      : web_link{to, "/ws",
                 "Sec-WebSocket-Protocol: roost.v1\r\nAuthorization: Bearer " + to.token + "\r\n"} {
    send_message("{\"type\":\"attach\",\"stream\":1,\"session\":\"" + name +
                     "\",\"cols\":80,\"rows\":24,\"mode\":\"control\"}",
                 false);
  }

  void send(std::string_view input) override {
    send_message(std::string{"\x10\0\0\0\1", 5}.append(input), true);
  }

  void acknowledge(bool on) override { acknowledge_ = on; }
  std::uint64_t snapshots() const override { return snapshots_; }

protected:
  void on_data(std::string_view part, bool binary, bool first, bool last,
               const sink& out) override {
    if (first)
      head_.clear();
    if (!binary) {
      head_.append(part);
      if (last && json_member(head_, "type") == "error")
        throw std::runtime_error("the server answered " + head_);
      return;
    }
    const bool have_kind = !head_.empty() || !part.empty();
    const char kind = !head_.empty() ? head_[0] : have_kind ? part[0] : '\0';
    const std::size_t head_size = kind == '\2' ? 14 : 13;
    if (head_.size() < head_size) {
      const auto take = std::min(head_size - head_.size(), part.size());
      head_.append(part.substr(0, take));
      part.remove_prefix(take);
      if (head_.size() < head_size)
        return;
      offset_ = 0;
      for (std::size_t i = 5; i < 13; ++i)
        offset_ = offset_ << 8 | static_cast<unsigned char>(head_[i]);
      snapshots_ += kind == '\2' ? 1 : 0;
    }
    if (kind == '\1')
      offset_ += part.size();
    out(part);
  }

  void after_read() override {
    constexpr std::uint64_t ack_every = std::uint64_t{128} << 10;
    if (!acknowledge_ || offset_ < acked_ + ack_every)
      return;
    acked_ = offset_;
    std::string ack{"\x11\0\0\0\1", 5};
    for (int shift = 56; shift >= 0; shift -= 8)
      ack += static_cast<char>(offset_ >> shift);
    send_message(ack, true);
  }

private:
  std::string head_;
  std::uint64_t offset_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t snapshots_ = 0;
  bool acknowledge_ = true;
};

} // namespace

std::unique_ptr<link> attach_plain(const target& to) { return std::make_unique<plain_link>(to); }

std::unique_ptr<link> attach_terminado(const target& to, const std::string& name) {
  return std::make_unique<terminado_link>(to, name);
}

std::unique_ptr<link> attach_roost(const target& to, const std::string& name) {
  return std::make_unique<roost_link>(to, name);
}

} // namespace roost::bench
