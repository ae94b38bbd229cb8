package dev.nacelle.dns;

import java.util.List;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;

/** What the zone says to a question. */
sealed interface ZoneAnswer {

  /** These records; the additional ones spare the client a question. */
  record Found(List<Record> records, List<Record> additional) implements ZoneAnswer {
    public Found {
      records = List.copyOf(records);
      additional = List.copyOf(additional);
    }
  }

  /** The name is another name for one that may be outside the zone. */
  record Alias(Record cname, Name target) implements ZoneAnswer {}

  /** The name exists, without records of this type. */
  record NoData() implements ZoneAnswer {}

  /** There is no such name. */
  record NoName() implements ZoneAnswer {}

  /** The zone cannot say yet. */
  record NotReady() implements ZoneAnswer {}

  /** Not a name of the zone. */
  record Elsewhere() implements ZoneAnswer {}
}
