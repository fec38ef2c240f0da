"""NCI Imaging Data Commons as resources: 179 collections, 86 thousand patients, a million series.

The rules by which the index becomes resources:

* collection -> data source, (collection, PatientID) -> patient (89 PatientIDs occur in two collections),
  StudyInstanceUID -> imaging study, SeriesInstanceUID -> volume.
* A series is set aside, with the reason, where no resource can be made of it: an identifier is missing or
  malformed; it states no licence; another series has its SeriesInstanceUID; or its study is given to two
  patients, of whom one would be wrong, and nothing in the index tells which.
* A control character in text, such as NUL, becomes U+FFFD, the replacement character.
* A DICOM code or age in small letters is written in capitals, as the standard has it: "Left Breast" becomes
  "LEFT BREAST".
* A value of another form than its field's, such as an age without a unit, becomes null; so does one that
  breaks the field's constraints. From a list, the items that break them are dropped.
* Where the series of a study or patient disagree on one of its values, that of most series counts, among
  those that the field can hold.

Every value so changed, and everything set aside, is counted and reported.
"""
