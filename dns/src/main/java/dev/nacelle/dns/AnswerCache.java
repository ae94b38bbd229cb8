package dev.nacelle.dns;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * Answers of other servers, for as long as they allow, at most five minutes; the least recently
 * used are dropped. Safe for any thread.
 */
final class AnswerCache {
  private static final long LONGEST_SECONDS = 300;
  private static final int[] SECTIONS = {Section.ANSWER, Section.AUTHORITY, Section.ADDITIONAL};

  private record Key(String name, int type) {
    static Key of(Record question) {
      return new Key(question.getName().toString().toLowerCase(Locale.ROOT), question.getType());
    }
  }

  private record Kept(Message answer, Instant since, Instant until) {}

  private final InstantSource clock;
  private final Map<Key, Kept> entries;

  AnswerCache(InstantSource clock, int mostEntries) {
    this.clock = clock;
    this.entries =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<Key, Kept> eldest) {
            return size() > mostEntries;
          }
        };
  }

  /** The answer with what is left of its lifetimes. */
  Optional<Message> get(Record question) {
    Instant now = clock.instant();
    Kept kept;
    synchronized (entries) {
      kept = entries.get(Key.of(question));
      if (kept != null && !kept.until().isAfter(now)) {
        entries.remove(Key.of(question));
        kept = null;
      }
    }
    return Optional.ofNullable(kept).map(k -> aged(k, now));
  }

  private static Message aged(Kept kept, Instant now) {
    long age = Duration.between(kept.since(), now).toSeconds();
    var answer = new Message(kept.answer().getHeader().getID());
    answer.getHeader().setRcode(kept.answer().getHeader().getRcode());
    for (int section : SECTIONS) {
      for (Record r : kept.answer().getSection(section)) {
        if (r.getType() != Type.OPT) {
          long left = Math.max(0, r.getTTL() - age);
          answer.addRecord(
              Record.newRecord(
                  r.getName(), r.getType(), r.getDClass(), left, r.rdataToWireCanonical()),
              section);
        }
      }
    }
    return answer;
  }

  void put(Record question, Message answer) {
    OptionalLong seconds = lifetime(answer);
    if (seconds.isEmpty() || seconds.getAsLong() <= 0) {
      return;
    }
    Instant now = clock.instant();
    var kept = new Kept(answer, now, now.plusSeconds(seconds.getAsLong()));
    synchronized (entries) {
      entries.put(Key.of(question), kept);
    }
  }

  /** Empty for answers that say nothing lasting. */
  private static OptionalLong lifetime(Message answer) {
    int rcode = answer.getHeader().getRcode();
    boolean hasAnswer = !answer.getSection(Section.ANSWER).isEmpty();
    if (rcode == Rcode.NOERROR && hasAnswer) {
      return capped(
          IntStream.of(SECTIONS)
              .boxed()
              .flatMap(s -> answer.getSection(s).stream())
              .filter(r -> r.getType() != Type.OPT)
              .mapToLong(Record::getTTL));
    }
    if (rcode == Rcode.NOERROR || rcode == Rcode.NXDOMAIN) {
      return capped(
          answer.getSection(Section.AUTHORITY).stream()
              .filter(SOARecord.class::isInstance)
              .mapToLong(r -> Math.min(r.getTTL(), ((SOARecord) r).getMinimum())));
    }
    return OptionalLong.empty();
  }

  private static OptionalLong capped(LongStream seconds) {
    OptionalLong least = seconds.min();
    return least.isPresent()
        ? OptionalLong.of(Math.min(LONGEST_SECONDS, least.getAsLong()))
        : least;
  }
}
