#include "actors/connection/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <system_error>

namespace roost::connection {

namespace {

failure unusable(std::string_view key, const std::string& file, std::string_view what) {
  return failure(setup_error::tls_unusable, fmt::format("{}: {}: {}", key, file, what));
}

/// Why the file cannot be opened, or nothing. Asked before OpenSSL, whose words for a missing file
/// are "system library".
std::string open_error(const std::string& file) {
  const std::ifstream probe(file);
  return probe ? std::string{} : std::error_code(errno, std::system_category()).message();
}

/// The last reason that OpenSSL gives, in words.
std::string openssl_reason() {
  const auto code = ERR_peek_last_error();
  ERR_clear_error();
  const auto* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "is not valid" : reason;
}

// RFC 7301: each name with its length in front.
constexpr std::array<unsigned char, 9> alpn_http11 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size,
                const unsigned char* offered, unsigned offered_size, void*) {
  if (SSL_select_next_proto(const_cast<unsigned char**>(out), out_size, alpn_http11.data(),
                            alpn_http11.size(), offered, offered_size) == OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_OK;
  return SSL_TLSEXT_ERR_NOACK;
}

} // namespace

result<tls_context> make_tls_context(const tls_config& settings) {
  if (settings.certificate.empty() || settings.key.empty())
    return failure(setup_error::tls_unusable, settings.key.empty()
                                                  ? "tls.key: is needed beside tls.certificate"
                                                  : "tls.certificate: is needed beside tls.key");
  if (const auto why = open_error(settings.certificate); !why.empty())
    return unusable("tls.certificate", settings.certificate, why);
  if (const auto why = open_error(settings.key); !why.empty())
    return unusable("tls.key", settings.key, why);

  auto context = std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
  auto* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                  SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(native, choose_alpn, nullptr);

  if (SSL_CTX_use_certificate_chain_file(native, settings.certificate.c_str()) != 1)
    return unusable("tls.certificate", settings.certificate, openssl_reason());
  if (SSL_CTX_use_PrivateKey_file(native, settings.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    // Loading a key that belongs to another certificate fails here, with a reason of X.509.
    const auto reason = openssl_reason();
    return unusable("tls.key", settings.key, reason);
  }
  if (SSL_CTX_check_private_key(native) != 1)
    return unusable("tls.key", settings.key, "does not belong to tls.certificate");
  return context;
}

} // namespace roost::connection
