package io.impalabalancer.cli.web;

import com.google.gson.stream.JsonWriter;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.RecordedChoice;
import java.io.IOException;

/** The last choices of listeners as JSON: what {@code openapi.json} calls {@code Choice}. */
final class Choices {
  private Choices() {}

  /** Writes those of one listener, the newest first. */
  static void write(JsonWriter json, Listener listener) throws IOException {
    json.name("choices").beginArray();
    for (RecordedChoice choice : listener.lastChoices()) {
      json.beginObject();
      json.name("at").value(choice.atMillis());
      json.name("client").value(AdminServer.text(choice.client()));
      json.name("coordinator").value(choice.chosen());
      json.name("rule").value(choice.rule());
      json.name("candidates").beginArray();
      for (RecordedChoice.Candidate candidate : choice.candidates()) {
        json.beginObject();
        json.name("coordinator").value(candidate.coordinator());
        json.name("excluded").value(candidate.excluded());
        json.name("verdict").value(candidate.verdict());
        json.name("weight").value(candidate.weight());
        json.name("sessions").value(candidate.sessions());
        json.name("limit").value(candidate.limit());
        json.name("load");
        number(json, candidate.load(), candidate.load() >= 0);
        json.name("score");
        number(json, candidate.score(), !Double.isNaN(candidate.score()));
        json.endObject();
      }
      json.endArray();
      json.endObject();
    }
    json.endArray();
  }

  private static void number(JsonWriter json, double number, boolean known) throws IOException {
    if (known) {
      json.value(number);
    } else {
      json.nullValue();
    }
  }
}
