package io.impalabalancer.cli.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PasswordHashTest {

  /** The hashes are those of crypt(3) of libxcrypt. */
  @ParameterizedTest
  @CsvSource({
    "pässwörd,$2a$04$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVoC",
    "pässwörd,$2b$05$abcdefghijklmnopqrstuuZVEMa1pjhlynBQ1qXmSvGBJpN9h1w8G",
    "pässwörd,$2y$04$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVoC",
    "pässwörd,$5$abcdefgh$vl6a2mAodUYEe3Mhai26AyjORet86eVRC5bBAu6c/n9",
    "pässwörd,$5$rounds=1234$abc$BoaRqrCKe4ucqaplnWK6aO2t4T/NNm7IL65p3P0fh.D",
    "pässwörd,$6$abcdefghijklmnop$Z142AM4CbyHnvFikRKauX.vgsnvjYLvt4bZlZZZrlgVhDW0zltnUun6G9I5xvVirZ/Y9MRz96lJh5eoUicidR.",
    "pässwörd,$6$rounds=5000$a.b/c$EFGBSpRBIf/8mjp2rDW2do0NpMGzwBz9vzm2fpELSZYVZ4Ae7w/HIkqATC8lTe.0NuK7IaUx0ONg1fTXsUa/p/",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,$6$rounds=1000$abc$Y3/ub.vPsKOoZ5W7OyoFw4.kAmnBs5sVsRfFq6mXYB6MOQoIidyblmAv35zhMasltqYwpW045j1tcynRRgig51",
    "U*U*,$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"
  })
  void hashesOfTheSystemAreKnown(String password, String hash) {
    assertThat(PasswordHash.matches(password.getBytes(UTF_8), hash)).isTrue();
    assertThat(PasswordHash.matches(("!" + password).getBytes(UTF_8), hash)).isFalse();
    assertThat(PasswordHash.matches(new byte[0], hash)).isFalse();
    char last = hash.charAt(hash.length() - 1) == 'a' ? 'b' : 'a';
    String other = hash.substring(0, hash.length() - 2) + "x" + last;
    assertThat(PasswordHash.matches(password.getBytes(UTF_8), other)).isFalse();
  }

  @Test
  void aNewHashIsOfThePasswordAndNeverTheSame() {
    byte[] password = "secret".getBytes(UTF_8);
    String hash = PasswordHash.of(password);
    assertThat(hash).startsWith("$2b$12$").hasSize(60).isNotEqualTo(PasswordHash.of(password));
    assertThat(PasswordHash.matches(password, hash)).isTrue();
  }
}
