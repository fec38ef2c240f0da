"""NCI Imaging Data Commons as resources: 179 collections, 86 thousand patients, a million series.

The rules by which the index becomes resources:

* collection -> data source, (collection, PatientID) -> patient (89 PatientIDs occur in two collections),
  StudyInstanceUID -> imaging study, SeriesInstanceUID -> volume.
* A study that the index gives to two patients is set aside with its series: one of the two would be
  wrong, and nothing in the index tells which.
* A control character in text, such as NUL, becomes U+FFFD, the replacement character.
* A value that breaks the constraints of its field becomes null.
* Where the series of a study or patient disagree on one of its values, that of most series counts.

Every value so changed, and everything set aside, is counted and reported.
"""
