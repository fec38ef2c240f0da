"""The values that columns hold, with how often each comes.

Beside the usual ones stand those that a query can trip over: other letters than those of English,
apostrophes, one word in several cases, what looks like a pattern or an operator, and words that stand for the
lack of a value.
"""

from __future__ import annotations

from typing import Final

from vxdata.cli.cda.draws import Choices

SPECIES: Final = Choices(
    {"human": 92, "Human": 1, "dog": 3, "mouse": 2, "human/mouse xenograft": 0.5, None: 1.5}
)
CAUSES_OF_DEATH: Final = Choices(
    {
        None: 84,
        "Cancer-Related Death": 9,
        "Not Cancer-Related": 4,
        "Surgical Complications": 1,
        "Crohn's disease": 0.5,
        "not reported": 1.5,
    }
)
RACES: Final = Choices(
    {
        "white": 42,
        "black or african american": 10,
        "asian": 8,
        "american indian or alaska native": 0.6,
        "native hawaiian or other pacific islander": 0.4,
        "not reported": 6,
        "Not Reported": 1,
        None: 32,
    }
)
ETHNICITIES: Final = Choices(
    {"not hispanic or latino": 48, "hispanic or latino": 6, "not reported": 8, "unknown": 3, None: 35}
)
VITAL_STATUSES: Final = Choices({"Alive": 46, "Dead": 22, "not reported": 5, None: 27})
SEXES: Final = Choices({"female": 46, "male": 43, "Male": 1, "undifferentiated": 0.1, None: 9.9})
SITES: Final = Choices(
    {
        "brain": 12,
        "breast": 16,
        "lung": 15,
        "chest": 8,
        "prostate gland": 6,
        "kidney": 6,
        "colon": 6,
        "liver": 4,
        "ovary": 4,
        "thyroid gland": 3,
        "skin": 3,
        "bone marrow": 4,
        "head/neck": 3,
        "Meckel's cavity": 0.3,
        "Brain": 0.7,
        "not reported": 3,
        "Überaugenwulst": 0.1,
        "100% unknown_site": 0.1,
    }
)
NULLABLE_SITES: Final = Choices({**SITES.weights, None: 40})
DIAGNOSES: Final = Choices(
    {
        "infiltrating duct carcinoma": 13,
        "adenocarcinoma": 12,
        "glioblastoma": 7,
        "Glioblastoma": 0.4,
        "GLIOBLASTOMA": 0.1,
        "glioma": 3,
        "squamous cell carcinoma": 6,
        "serous cystadenocarcinoma": 3,
        "acute myeloid leukemia": 5,
        "acute lymphoblastic leukemia": 4,
        "malignant melanoma": 3,
        "clear cell adenocarcinoma": 3,
        "hepatocellular carcinoma": 3,
        "papillary carcinoma": 3,
        "neuroblastoma": 3,
        "osteosarcoma": 1.5,
        "Ewing's sarcoma": 1,
        "Waldenström macroglobulinemia": 0.3,
        "Sézary's disease": 0.1,
        "腺癌": 0.1,
        "carcinoma, *nos*": 0.3,
        "tumor_100%": 0.2,
        "like nothing else": 0.1,
        "not reported": 6,
        "Not Reported": 1,
        None: 20,
    }
)
MORPHOLOGIES: Final = Choices(
    {"8500/3": 13, "8140/3": 12, "9440/3": 7, "8070/3": 6, "9861/3": 5, "8441/3": 3, "8720/3": 3, None: 51}
)
GRADES: Final = Choices(
    {"g1": 5, "g2": 14, "g3": 12, "g4": 5, "high grade": 3, "GX": 1, "not reported": 10, None: 50}
)
STAGES: Final = Choices(
    {"stage i": 9, "stage ii": 10, "stage iia": 5, "stage iii": 8, "stage iv": 6, "not reported": 8, None: 54}
)
TREATMENTS: Final = Choices(
    {
        "Chemotherapy": 30,
        "Radiation Therapy, NOS": 24,
        "Surgery, NOS": 12,
        "Immunotherapy (including vaccines)": 6,
        "Stem Cell Transplantation": 2,
        "not reported": 6,
        None: 20,
    }
)
AGENTS: Final = Choices(
    {
        "cisplatin": 8,
        "carboplatin": 7,
        "paclitaxel": 7,
        "temozolomide": 6,
        "doxorubicin hydrochloride": 5,
        'Ätherlösung "forte"': 0.5,
        "5'-deoxy-5-fluorouridine": 0.5,
        "Temozolomide": 0.5,
        None: 65.5,
    }
)
GENES: Final = Choices(
    {
        "TP53": 22,
        "PIK3CA": 11,
        "PTEN": 8,
        "KRAS": 8,
        "EGFR": 7,
        "IDH1": 6,
        "BRAF": 6,
        "APC": 6,
        "TTN": 18,
        "MUC16": 8,
    }
)
GENE_NUMBERS: Final = {
    "TP53": 7157,
    "PIK3CA": 5290,
    "PTEN": 5728,
    "KRAS": 3845,
    "EGFR": 1956,
    "IDH1": 3417,
    "BRAF": 673,
    "APC": 324,
    "TTN": 7273,
    "MUC16": 94025,
}
CHROMOSOMES: Final = Choices({**{f"chr{number}": 24 - number for number in range(1, 23)}, "chrX": 2})
VARIANT_TYPES: Final = Choices({"SNP": 90, "DEL": 6, "INS": 4})
ALLELES: Final = Choices({"A": 24, "C": 27, "G": 27, "T": 20, "-": 2})
CONSEQUENCES: Final = Choices(
    {"missense_variant": 55, "synonymous_variant": 20, "stop_gained": 6, "frameshift_variant": 6, None: 13}
)
RS_NUMBERS: Final = Choices({None: 70, "novel": 20, "rs28934578": 5, "rs121913529": 5})
STATUSES: Final = Choices({"Somatic": 95, None: 5})
HOTSPOTS: Final = Choices({"yes": 8, "no": 80, None: 12})
BUILDS: Final = Choices({"GRCh38": 97, "GRCh37": 3})
ACCESSES: Final = Choices({"open": 62, "controlled": 37, None: 1})
FILE_KINDS: Final = Choices(
    {
        "Imaging|CT Image Storage|DICOM": 24,
        "Imaging|MR Image Storage|DICOM": 18,
        "Imaging|VL Whole Slide Microscopy Image Storage|DICOM": 9,
        "Biospecimen|Slide Image|SVS": 6,
        "Sequencing Reads|Aligned Reads|BAM": 10,
        "Sequencing Reads|Unaligned Reads|FASTQ": 5,
        "Simple Nucleotide Variation|Annotated Somatic Mutation|VCF": 9,
        "Simple Nucleotide Variation|annotated somatic mutation|vcf": 0.5,
        "Copy Number Variation|Gene Level Copy Number|TSV": 5,
        "Transcriptome Profiling|Gene Expression Quantification|TSV": 5,
        "Peptide Spectral Matches|Open Standard|mzIdentML": 4,
        "Clinical|Clinical Supplement|BCR XML": 3,
        "|pathology report (50%_scan)|PDF": 1,
        "|*|": 0.5,
    }
)
"""Category, type and format in one, since they go together; empty ones stand for null."""

TUMOR_VS_NORMAL: Final = Choices({"tumor": 70, "normal": 25, "peritumoral": 5})
PROJECT_TYPES: Final = Choices({"project": 55, "program": 12, "study": 20, "collection": 13})
