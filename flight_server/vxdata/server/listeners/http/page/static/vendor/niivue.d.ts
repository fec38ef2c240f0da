export const Niivue: any;
